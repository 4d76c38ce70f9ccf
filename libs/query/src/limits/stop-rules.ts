import { GatehouseError } from '@gatehouse/errors'

/** What an operator may stop, in one org; a tenant or fingerprint in all of them when `orgUid` is undefined. */
export type StopTarget =
  | { readonly kind: 'tenant'; readonly orgUid: string | undefined; readonly tenant: string }
  | { readonly kind: 'principal'; readonly orgUid: string; readonly principalUid: string }
  | { readonly kind: 'fingerprint'; readonly orgUid: string | undefined; readonly fingerprint: string }

/** An operator's order to refuse queries: the kill switch. */
export interface StopRule {
  readonly uid: string
  readonly target: StopTarget
  /** Shown to those it stops. */
  readonly reason: string
  /** ms since the epoch; undefined lasts until it is removed. */
  readonly expiresAt: number | undefined
}

/** Who asks what, as far as stop rules go. */
export interface StopSubject {
  readonly orgUid: string
  readonly principalUid: string
  /** Tenants whose series the caller's constraints admit by name. */
  readonly tenants: readonly string[]
  readonly fingerprint: string
}

/** The first rule in force that stops this query. */
export function findStopRule(
  rules: readonly StopRule[],
  subject: StopSubject,
  now: number,
): StopRule | undefined {
  return rules.find(
    ({ target, expiresAt }) => (expiresAt === undefined || now < expiresAt) && isTarget(target, subject),
  )
}

function isTarget(target: StopTarget, subject: StopSubject): boolean {
  switch (target.kind) {
    case 'tenant':
      return (
        subject.tenants.includes(target.tenant) &&
        (target.orgUid === undefined || target.orgUid === subject.orgUid)
      )
    case 'principal':
      return target.orgUid === subject.orgUid && target.principalUid === subject.principalUid
    case 'fingerprint':
      return (
        target.fingerprint === subject.fingerprint &&
        (target.orgUid === undefined || target.orgUid === subject.orgUid)
      )
  }
}

/** @throws GatehouseError `execution` with the operator's reason if a rule stops this query. */
export function assertNotStopped(rules: readonly StopRule[], subject: StopSubject, now: number): void {
  const rule = findStopRule(rules, subject, now)
  if (rule !== undefined) throw new GatehouseError('execution', `stopped by an operator: ${rule.reason}`)
}
