import { randomBytes } from 'node:crypto'
import { type AuditEvent, type Identity, identityOf, redact } from '@gatehouse/audit'
import type { Companion } from './companion.ts'
import { sha256 } from './sha256.ts'

type Actor = NonNullable<AuditEvent['actor']>

/** An actor's pseudonym, with the identity that is to be written before its first event. */
export interface Pseudonym extends Companion {
  readonly identity: Identity
}

/** Pseudonyms in use by one writer. */
export interface Pseudonyms {
  of(event: AuditEvent): Pseudonym | undefined
  /** References handed out and written. */
  refs(): string[]
  /** These identities were erased: the next event of such an actor gets a new pseudonym. */
  forget(refs: ReadonlySet<string>): void
}

function clean(actor: Actor): Actor {
  const text = (value: string): string => String(redact(value, sha256))
  return {
    ...actor,
    uid: text(actor.uid),
    name: text(actor.name),
    ...(actor.issuer === undefined ? {} : { issuer: text(actor.issuer) }),
    ...(actor.subject === undefined ? {} : { subject: text(actor.subject) }),
  }
}

const maxPseudonyms = 20_000

/** Pseudonyms are random, last at most a calendar month (UTC) and one process, and are kept for so many actors at once. */
export function createPseudonyms(): Pseudonyms {
  const known = new Map<string, Pseudonym>()
  let month = ''
  return {
    of({ actor, at, orgUid }) {
      if (actor === null) return undefined
      if (month !== at.slice(0, 7)) known.clear()
      month = at.slice(0, 7)
      const key = JSON.stringify([orgUid, actor.uid, actor.name, actor.issuer, actor.subject])
      const found = known.get(key)
      if (found !== undefined) return found
      const salt = randomBytes(16).toString('hex')
      const identity = identityOf(clean(actor), orgUid, salt, sha256)
      const made = { identity, line: JSON.stringify({ identity }), isWritten: false }
      if (known.size >= maxPseudonyms) known.delete(known.keys().next().value ?? '')
      known.set(key, made)
      return made
    },
    refs: () => [...known.values()].filter((p) => p.isWritten).map((p) => p.identity.ref),
    forget(refs) {
      for (const [key, { identity }] of known) if (refs.has(identity.ref)) known.delete(key)
    },
  }
}
