import type { IssuerConfig } from '@gatehouse/config'
import type { JWTPayload } from 'jose'
import type { VouchedIdentity } from './model.ts'

const maxGroups = 1_000
const maxLength = 256

/** A claim's text, at most 256 long, that the store keeps as it is: no U+0000, which it refuses, and no lone surrogate, which would become another text. */
export function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxLength) return undefined
  return value.includes('\0') || !value.isWellFormed() ? undefined : value
}

/** A name people may edit themselves: cleaned, so that it never keeps its owner out. */
function displayName(value: unknown): string | undefined {
  return typeof value === 'string' ? shortText(value.replaceAll('\0', '').toWellFormed()) : undefined
}

/**
 * The groups in a claim: an array of strings, or one string. Anything else (missing, nested, or an overage pointer such as Entra's
 * `_claim_names`) means no groups, never the groups seen before. More than 1,000 also means none: a cut list could drop the wrong ones.
 */
export function groupsFrom(claim: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(claim) ? claim : [claim]
  if (list.length > maxGroups) return []
  const groups = list.map(shortText)
  return groups.every((group) => group !== undefined) ? [...new Set(groups)] : []
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A claim by its name, which may have dots as in a URL, else by its dotted path. */
function claimAt(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let found: unknown = claims
  for (const key of name.split('.')) {
    if (!isRecord(found) || !Object.hasOwn(found, key)) return undefined
    found = found[key]
  }
  return found
}

/** What the issuer's groups claim may not say by itself. */
const attributePrefix = 'claim:'

/** Attributes as groups: `claim:<issuer's name>:<claim>=<value>`, so that no issuer can say what another one may. */
function attributeGroups(claims: JWTPayload, { name, attributes }: AttributeIssuer): string[] {
  return attributes.flatMap((claim) =>
    groupsFrom(claimAt(claims, claim)).map((value) => `${attributePrefix}${name}:${claim}=${value}`),
  )
}

type AttributeIssuer = Pick<IssuerConfig, 'name' | 'attributes'>
type ClaimsIssuer = AttributeIssuer & Pick<IssuerConfig, 'issuer' | 'groupsClaim' | 'subjectClaim'>

/** Who a verified token speaks of, or undefined without a usable subject. Another claim never stands in for the configured one. */
export function identityFrom(claims: JWTPayload, issuer: ClaimsIssuer): VouchedIdentity | undefined {
  const subject = shortText(claims[issuer.subjectClaim])
  if (subject === undefined) return undefined
  const own = groupsFrom(claims[issuer.groupsClaim]).filter((group) => !group.startsWith(attributePrefix))
  const email = shortText(claims['email'])
  return {
    issuer: issuer.issuer,
    subject,
    name: displayName(claims['name']) ?? displayName(claims['preferred_username']) ?? email ?? subject,
    email,
    groups: [...own, ...attributeGroups(claims, issuer)],
  }
}
