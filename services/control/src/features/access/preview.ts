import { setImmediate } from 'node:timers/promises'
import {
  type AccessDifference,
  type AccessState,
  type ApprovedDashboard,
  differencesOverTime,
  type Grant,
  joinDifferences,
  notHeld,
  type OrgPolicy,
  parseConstraint,
  type PolicyChange,
  type Principal,
  proposedPolicy,
  shippedRoles,
  type View,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { type OrgTransaction, readSnapshot } from '@gatehouse/store'
import type { z } from 'zod'
import { found } from '../../manage.ts'
import { placeOf } from '../grants/holdings.ts'
import type { newGrantSchema } from '../grants/schemas.ts'
import { answerOfConstraints, mayKnow } from './explain.ts'
import type { previewEntrySchema, previewSchema } from './preview-schemas.ts'

type Asked = z.output<typeof previewSchema>
type PreviewedView = z.output<typeof previewEntrySchema>['series'][number]['before']
type NewGrant = z.output<typeof newGrantSchema>

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text)
}

function subjectIn(policy: OrgPolicy, { kind, uid }: NewGrant['subject']): void {
  const all = { user: policy.members, team: policy.teams, 'service-account': policy.serviceAccounts }[kind]
  found(
    all.find((subject) => subject.uid === uid),
    kind.replace('-', ' '),
  )
}

function grantOf(body: NewGrant, index: number): Grant {
  return {
    ...body,
    uid: `proposed-${index + 1}`,
    constraints: body.constraints.map(parseConstraint),
    notBefore: timeOf(body.notBefore),
    expiresAt: timeOf(body.expiresAt),
  }
}

function changeOf(asked: Asked): PolicyChange {
  const { grants, revokeGrants, roles, guardrails, removeGuardrails, addMembers, removeMembers } = asked
  return {
    addGrants: grants.map(grantOf),
    revokeGrants,
    putRoles: roles,
    addGuardrails: guardrails.map(({ selector, reason }, index) => ({
      uid: `proposed-${index + 1}`,
      selector: parseConstraint(selector),
      reason,
    })),
    removeGuardrails,
    addMembers,
    removeMembers,
  }
}

function checkNames(policy: OrgPolicy, change: PolicyChange): void {
  const shipped = change.putRoles.find(({ name }) => shippedRoles.some((role) => role.name === name))
  if (shipped !== undefined)
    throw new GatehouseError('conflict', `${shipped.name} is a role of this release and cannot be changed`)
  const { roles, grants, guardrails, members, teams } = policy
  for (const { role } of change.addGrants) {
    if (![...roles, ...change.putRoles].some(({ name }) => name === role))
      throw new GatehouseError('bad_data', `there is no role ${role}`)
  }
  const need = (list: readonly { readonly uid: string }[], uid: string, noun: string): void => {
    found(
      list.find((one) => one.uid === uid),
      noun,
    )
  }
  for (const uid of change.revokeGrants) need(grants, uid, 'grant')
  for (const uid of change.removeGuardrails) need(guardrails, uid, 'guardrail')
  for (const { user, team } of [...change.addMembers, ...change.removeMembers]) {
    need(members, user, 'user')
    need(teams, team, 'team')
  }
}

/** Actions of the proposed grants that the asker does not hold there, so that making them would be refused. */
async function notHeldIn(
  tx: OrgTransaction,
  proposed: { readonly policy: OrgPolicy; readonly asker: Principal; readonly roles: OrgPolicy['roles'] },
  { addGrants }: PolicyChange,
): Promise<readonly string[]> {
  const { policy, asker: principal, roles } = proposed
  const missing = new Set<string>()
  for (const { role: name, where, constraints, expiresAt } of addGrants) {
    const role = roles.find((one) => one.name === name)
    if (role === undefined) continue
    const wanted = { role, place: await placeOf(tx, where, policy), constraints, expiresAt }
    for (const { action } of notHeld(policy, { principal, now: Date.now() }, wanted)) missing.add(action)
  }
  return [...missing].toSorted()
}

/** What a change would do, before anybody makes it. */
export interface Preview {
  readonly differences: readonly AccessDifference[]
  /** Whether the asker may open a dashboard, by its uid. */
  readonly isKnown: (uid: string) => boolean
  readonly notHeld: readonly string[]
  /** Version of the policy it was worked out on. */
  readonly policyVersion: string
}

function knownDashboards(policy: OrgPolicy, dashboards: readonly ApprovedDashboard[], asker: Principal) {
  const isOpen = mayKnow(policy, asker)
  const known = new Set(dashboards.filter(isOpen).map(({ uid }) => uid))
  return (uid: string): boolean => known.has(uid)
}

/** A change that is only thought of, before whom it does something to has been worked out. */
export interface Proposed extends Omit<Preview, 'differences'> {
  readonly before: AccessState
  readonly after: AccessState
}

/**
 * Reads a proposed change on the org's access settings as they are in the database at this moment.
 * @throws GatehouseError `not_found` for what it names and the org does not have, `bad_data` for a role that is nowhere, `conflict`
 *   for a changed role of the release.
 */
export async function proposeIn(tx: OrgTransaction, asker: Principal, asked: Asked): Promise<Proposed> {
  const { policy, dashboards } = await readSnapshot(tx)
  for (const { subject } of asked.grants) subjectIn(policy, subject)
  const change = changeOf(asked)
  checkNames(policy, change)
  const after = proposedPolicy(policy, change)
  const missing = await notHeldIn(tx, { policy, asker, roles: after.roles }, change)
  return {
    before: { policy, dashboards },
    after: { policy: after, dashboards },
    isKnown: knownDashboards(policy, dashboards, asker),
    notHeld: missing,
    policyVersion: policy.version,
  }
}

/** What a proposed change does to everybody, now or later. Takes its time where there are many people and moments, and lets others in between. */
export async function previewOf({ before, after, ...rest }: Proposed): Promise<Preview> {
  const all = new Map<string, AccessDifference>()
  for (const found of differencesOverTime(before, after, Date.now())) {
    joinDifferences(all, found?.differences ?? [])
    await setImmediate()
  }
  const differences = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  return { ...rest, differences }
}

/** How many people and service accounts gain or lose series; teams are left out, their people are counted. */
export function countsOf(differences: readonly AccessDifference[]) {
  const accounts = differences.filter(({ kind }) => kind !== 'team')
  const of = (change: AccessDifference['series'][number]['change']): number =>
    accounts.filter(({ series }) =>
      series.some((one) => one.change === change && one.actions.includes('datasources:query')),
    ).length
  return {
    accounts: accounts.length,
    gained: of('gained'),
    lost: of('lost'),
    widened: of('widened'),
    narrowed: of('narrowed'),
    changed: of('changed'),
  }
}

function answerOfView({ alternatives, through }: View, isKnown: Preview['isKnown']): PreviewedView {
  const onlyDashboards = through.length > 0
  if (through.every(isKnown)) return { ...answerOfConstraints({ alternatives }), onlyDashboards }
  return { selectors: [], words: ['series of dashboards that you may not open'], onlyDashboards }
}

/** One line of a preview as an answer. What dashboards ask that the asker may not open is left out. */
export function answerOfDifference(
  difference: AccessDifference,
  isKnown: Preview['isKnown'],
): z.output<typeof previewEntrySchema> {
  const { series, gained, lost, ...who } = difference
  return {
    ...who,
    gained: [...gained],
    lost: [...lost],
    series: series.map(({ dataSource, actions, change, before, after }) => ({
      dataSource,
      actions: [...actions],
      change,
      before: answerOfView(before, isKnown),
      after: answerOfView(after, isKnown),
    })),
  }
}
