import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { AuditEvent } from '@gatehouse/audit'
import {
  type Expr,
  type Matcher,
  mapChildren,
  mapSelectors,
  metricNameLabel,
  parse,
  print,
  type VectorSelector,
} from '@gatehouse/promql'
import type { Companion } from './companion.ts'
import { type AuditTransaction, orgOf } from './scope.ts'

/** Which label values of an org's queries the log keeps in the clear; all others are kept as keyed hashes. */
export interface LabelValuePolicy {
  /** Labels whose values are no secret, for example `job` and `env`. Metric names are always kept. */
  readonly keep: ReadonlySet<string>
}

/** Hides label values in events. */
export interface LabelValues {
  /** The event with hashes, and the sealed values they stand for; undefined if its org keeps values in the clear. */
  hide(event: AuditEvent): { readonly event: AuditEvent; readonly values: readonly Companion[] } | undefined
}

/** A key for label values: 32 bytes, kept outside the database. */
export type LabelValueKey = Buffer

/** The hash that stands for a label's value in an org's events: one word of the free-text search. */
export function labelValueHash(key: LabelValueKey, org: string | null, label: string, value: string): string {
  const text = JSON.stringify([org, label, value])
  return `h_${createHmac('sha256', key).update(text).digest('hex').slice(0, 32)}`
}

function sealingKey(key: LabelValueKey): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'gatehouse audit label values', 32))
}

const ivBytes = 12
const tagBytes = 16

function seal(key: Buffer, hash: string, value: string): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(hash))
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed])
}

function open(key: Buffer, hash: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes))
  decipher.setAAD(Buffer.from(hash)).setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]).toString(
    'utf8',
  )
}

/** A text with its values hidden, and what was hidden. */
interface Hidden {
  readonly text: string
  readonly values: readonly Companion[]
}

/** A value and the hash that stands for it. */
interface SealedValue extends Companion {
  readonly hash: string
}

const maxTexts = 2_000
const maxTextLength = 4_096
const maxValues = 50_000

function remember<V>(map: Map<string, V>, max: number, key: string, value: V): void {
  const oldest = map.size >= max ? map.keys().next() : undefined
  if (oldest?.done === false) map.delete(oldest.value)
  map.set(key, value)
}

type HideValue = (label: string, value: string) => string

function hideMatchers(selector: VectorSelector, keep: ReadonlySet<string>, hash: HideValue): VectorSelector {
  const matchers = selector.matchers.map((matcher): Matcher => {
    const { name, value } = matcher
    const isKept = value === '' || name === metricNameLabel || keep.has(name)
    return isKept ? matcher : { ...matcher, value: hash(name, value) }
  })
  return { ...selector, matchers }
}

function hideLiterals(expr: Expr, hash: HideValue): Expr {
  if (expr.kind === 'StringLiteral') return { ...expr, value: expr.value === '' ? '' : hash('', expr.value) }
  return mapChildren(expr, (child) => hideLiterals(child, hash))
}

/** The text with its values hidden, printed in canonical form; a text that is no PromQL is hidden as a whole. */
function hideIn(text: string, keep: ReadonlySet<string>, hash: HideValue): string {
  try {
    const expr = mapSelectors(parse(text), (selector) => hideMatchers(selector, keep, hash))
    return print(hideLiterals(expr, hash))
  } catch {
    return hash('', text)
  }
}

class Hider implements LabelValues {
  readonly #key: LabelValueKey
  readonly #sealingKey: Buffer
  readonly #policyOf: PolicyOf
  readonly #policies = new Map<string | null, LabelValuePolicy>()
  readonly #texts = new Map<string, Hidden>()
  readonly #values = new Map<string, SealedValue>()

  constructor(key: LabelValueKey, policyOf: PolicyOf) {
    this.#key = key
    this.#sealingKey = sealingKey(key)
    this.#policyOf = policyOf
  }

  hide(event: AuditEvent): { event: AuditEvent; values: readonly Companion[] } | undefined {
    const policy = this.#policyOf(event.orgUid)
    if (policy === undefined) return undefined
    if (this.#policies.get(event.orgUid) !== policy) this.#texts.clear()
    this.#policies.set(event.orgUid, policy)
    const values = new Set<Companion>()
    const hidden = (text: string): string => {
      const found = this.#text(event.orgUid, policy, text)
      for (const value of found.values) values.add(value)
      return found.text
    }
    const { query, matches } = event.request
    const request = {
      ...event.request,
      ...(query === undefined ? {} : { query: hidden(query) }),
      ...(matches === undefined ? {} : { matches: matches.map(hidden) }),
    }
    const parts = { enforced: event.enforced.map(hidden), constraints: event.constraints.map(hidden) }
    return { event: { ...event, request, ...parts }, values: [...values] }
  }

  #text(org: string | null, { keep }: LabelValuePolicy, text: string): Hidden {
    const memo = JSON.stringify([org, text])
    const known = this.#texts.get(memo)
    if (known !== undefined) return known
    const values: SealedValue[] = []
    const hash: HideValue = (label, value) => {
      const sealed = this.#value(org, label, value)
      values.push(sealed)
      return sealed.hash
    }
    const made = { text: hideIn(text, keep, hash), values }
    if (text.length <= maxTextLength) remember(this.#texts, maxTexts, memo, made)
    return made
  }

  #value(org: string | null, label: string, value: string): SealedValue {
    const hash = labelValueHash(this.#key, org, label, value)
    const known = this.#values.get(hash)
    if (known !== undefined) return known
    const sealed = seal(this.#sealingKey, hash, value).toString('base64')
    const made = { hash, line: JSON.stringify({ value: { org, hash, label, sealed } }), isWritten: false }
    remember(this.#values, maxValues, hash, made)
    return made
  }
}

type PolicyOf = (org: string | null) => LabelValuePolicy | undefined

/**
 * Hides label values of the orgs that have a policy, before anything is written.
 * @param policyOf the policy of an org (null: requests of no org); the same object as long as it has not changed
 */
export function createLabelValues(key: LabelValueKey, policyOf: PolicyOf): LabelValues {
  return new Hider(key, policyOf)
}

/** A value behind a hash. */
export interface RevealedValue {
  readonly hash: string
  readonly label: string
  readonly value: string
}

/**
 * The values behind hashes of the scope's events. Who may see them, and why they asked, is the caller's to check and record.
 * @throws Error if the key is not the one they were sealed with
 */
export async function revealLabelValues(
  tx: AuditTransaction,
  key: LabelValueKey,
  hashes: readonly string[],
): Promise<RevealedValue[]> {
  const rows = await tx.rows<{ hash: string; label: string; sealed: Buffer }>(
    `select hash, label, sealed from audit_label_values
     where hash = any($1) and ($2::text is null or org_uid = $2) order by hash`,
    [hashes, orgOf(tx)],
  )
  const opening = sealingKey(key)
  return rows.map(({ hash, label, sealed }) => ({ hash, label, value: open(opening, hash, sealed) }))
}
