import type { JWTPayload } from 'jose'
import type { VouchedIdentity } from './model.ts'

const maxGroups = 1_000
const maxLength = 256

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength ? value : undefined
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

/** Who a verified token speaks of, or undefined without a usable subject. Another claim never stands in for the configured one. */
export function identityFrom(
  claims: JWTPayload,
  issuer: { issuer: string; groupsClaim: string; subjectClaim: string },
): VouchedIdentity | undefined {
  const subject = shortText(claims[issuer.subjectClaim])
  if (subject === undefined) return undefined
  const email = shortText(claims['email'])
  return {
    issuer: issuer.issuer,
    subject,
    name: shortText(claims['name']) ?? shortText(claims['preferred_username']) ?? email ?? subject,
    email,
    groups: groupsFrom(claims[issuer.groupsClaim]),
  }
}
