import { heldPermissions } from './may-grant.ts'
import type { Principal } from './model.ts'
import type { OrgPolicy } from './policy.ts'
import { folderPath, scopeOf } from './scopes.ts'
import {
  type AccessState,
  changeOf,
  createViews,
  noView,
  rememberChanges,
  type SeriesChange,
  type View,
  type ViewOf,
} from './view.ts'
import { everyone } from './who-can.ts'

/** Whose access differs: a team or an IdP group stands for its people, who are not all known. */
type Whose = Principal['kind'] | 'team' | 'group'

/** What a change of policy does to one person, service account, or team whose people are not known yet. */
export interface AccessDifference<Kind extends Whose = Exclude<Whose, 'group'>> {
  readonly kind: Kind
  readonly uid: string
  readonly name: string
  /** Permissions gained and lost, as in `heldPermissions`, and what folders inherit elsewhere where they are moved. */
  readonly gained: readonly string[]
  readonly lost: readonly string[]
  readonly series: readonly {
    readonly dataSource: string
    readonly change: SeriesChange
    readonly before: View
    readonly after: View
  }[]
}

type Who<Kind extends Whose = Exclude<Whose, 'group'>> = Pick<
  AccessDifference<Kind>,
  'kind' | 'uid' | 'name'
> & {
  readonly principal: Principal
}

/** Somebody who is in these teams and nothing else. */
function onlyIn(policy: OrgPolicy, teams: readonly string[], name: string): Principal {
  const credential = { kind: 'session', id: '' } as const
  return { kind: 'user', uid: '', name, orgUid: policy.orgUid, teams, identity: undefined, credential }
}

/**
 * Everybody of a policy who may use it, and each team as somebody who is only in it: what its people will get when they sign in.
 */
function subjectsOf(policy: OrgPolicy | undefined): readonly Who[] {
  if (policy === undefined) return []
  const accounts = [...policy.members, ...policy.serviceAccounts]
  const disabled = new Set(accounts.filter(({ isDisabled }) => isDisabled).map(({ uid }) => uid))
  const people = everyone(policy)
    .filter(({ uid }) => !disabled.has(uid))
    .map((principal) => ({ ...pick(principal), principal }))
  const teams = policy.teams.map(
    ({ uid, name }): Who => ({ kind: 'team', uid, name, principal: onlyIn(policy, [uid], name) }),
  )
  return [...people, ...teams]
}

function pick({ kind, uid, name }: Principal): Pick<AccessDifference, 'kind' | 'uid' | 'name'> {
  return { kind, uid, name }
}

/** One side of a comparison; undefined in the place of its state: the org is not there. */
interface Side {
  readonly policy: OrgPolicy | undefined
  readonly viewOf: ViewOf
}

interface Sides {
  readonly before: Side
  readonly after: Side
  /** Uids of folders that are inside others than before. */
  readonly moved: readonly string[]
  readonly changeOf: typeof changeOf
  /** ms since the epoch. */
  readonly now: number
}

function sideOf(state: AccessState | undefined, now: number): Side {
  return state === undefined
    ? { policy: undefined, viewOf: () => noView }
    : { policy: state.policy, viewOf: createViews(state, now) }
}

function sidesOf(before: AccessState | undefined, after: AccessState | undefined, now: number): Sides {
  return {
    before: sideOf(before, now),
    after: sideOf(after, now),
    moved: movedFolders(before?.policy, after?.policy),
    changeOf: rememberChanges(),
    now,
  }
}

function movedFolders(before: OrgPolicy | undefined, after: OrgPolicy | undefined): readonly string[] {
  if (before === undefined || after === undefined) return []
  const is = new Set(after.folders.map(({ uid }) => uid))
  const stayed = before.folders.map(({ uid }) => uid).filter((uid) => is.has(uid))
  return stayed.filter((uid) => folderPath(before, uid).join() !== folderPath(after, uid).join())
}

/** The lines of what is held in a folder because it is held in one above. */
function inheritedIn(policy: OrgPolicy, folder: string, held: readonly string[]): readonly string[] {
  return folderPath(policy, folder)
    .slice(1)
    .flatMap((above) => {
      const scope = scopeOf('folder', above)
      return held
        .filter((line) => line.split(' ').slice(1).includes(scope))
        .map((line) =>
          line
            .split(' ')
            .map((part) => (part === scope ? scopeOf('folder', folder) : part))
            .join(' '),
        )
    })
}

function heldBy(
  { policy }: Side,
  who: Who<Whose> | undefined,
  { moved, now }: Pick<Sides, 'moved' | 'now'>,
): readonly string[] {
  if (policy === undefined || who === undefined) return []
  const held = heldPermissions(policy, who.principal, now)
  return [...new Set([...held, ...moved.flatMap((folder) => inheritedIn(policy, folder, held))])].toSorted()
}

function differenceOf<Kind extends Whose>(
  sides: Sides,
  was: Who<Kind> | undefined,
  is: Who<Kind> | undefined,
): AccessDifference<Kind> | undefined {
  const who = is ?? was
  if (who === undefined) return undefined
  const { before, after } = sides
  const oldHeld = heldBy(before, was, sides)
  const newHeld = heldBy(after, is, sides)
  const sources = new Set(
    [before, after].flatMap(({ policy }) => policy?.dataSources.map(({ uid }) => uid) ?? []),
  )
  const series = [...sources].toSorted().flatMap((dataSource) => {
    const old = was === undefined ? noView : before.viewOf(was.principal, dataSource)
    const fresh = is === undefined ? noView : after.viewOf(is.principal, dataSource)
    const change = sides.changeOf(old, fresh)
    return change === undefined ? [] : [{ dataSource, change, before: old, after: fresh }]
  })
  const gained = newHeld.filter((held) => !oldHeld.includes(held))
  const lost = oldHeld.filter((held) => !newHeld.includes(held))
  if (gained.length + lost.length + series.length === 0) return undefined
  const { kind, uid, name } = who
  return { kind, uid, name, gained, lost, series }
}

/**
 * What changing an org's access settings from `before` to `after` does to its people, service accounts and teams, by grants and by the
 * queries of dashboards; those it does nothing to are left out. Undefined stands for an org that is not there.
 * @param now ms since the epoch.
 */
export function diffAccess(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly AccessDifference[] {
  const keyOf = ({ kind, uid }: Who): string => `${kind} ${uid}`
  const was = new Map(subjectsOf(before?.policy).map((who) => [keyOf(who), who]))
  const is = new Map(subjectsOf(after?.policy).map((who) => [keyOf(who), who]))
  const keys = [...new Set([...was.keys(), ...is.keys()])].toSorted()
  const sides = sidesOf(before, after, now)
  return keys
    .map((key) => differenceOf(sides, was.get(key), is.get(key)))
    .filter((difference) => difference !== undefined)
}

/** What a change of policy does from a later moment on. */
export interface LaterDifference {
  /** ms since the epoch. */
  readonly at: number
  readonly differences: readonly AccessDifference[]
}

/** When grants that only one side has begin or end after `now`; ms since the epoch. */
function momentsOf(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly number[] {
  const [was, is] = [before?.policy.grants ?? [], after?.policy.grants ?? []]
  const uids = [was, is].map((grants) => new Set(grants.map(({ uid }) => uid)))
  const changed = [...was, ...is].filter(({ uid }) => !uids.every((side) => side.has(uid)))
  const times = changed.flatMap(({ notBefore, expiresAt }) => [notBefore ?? now, expiresAt ?? now])
  return [...new Set(times)].filter((at) => at > now).toSorted((a, b) => a - b)
}

/**
 * What the change does when grants of it begin or end later: at each of these moments, if it is another difference than the one before.
 * @param now ms since the epoch.
 */
export function diffLater(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly LaterDifference[] {
  let last = JSON.stringify(diffAccess(before, after, now))
  return momentsOf(before, after, now).flatMap((at) => {
    const differences = diffAccess(before, after, at)
    const text = JSON.stringify(differences)
    const isSame = text === last
    last = text
    return isSame ? [] : [{ at, differences }]
  })
}

/** Everybody whom the change does something to, now or later, with what it does to them first. */
export function diffEver(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly AccessDifference[] {
  const later = diffLater(before, after, now).flatMap(({ differences }) => differences)
  const found = new Map<string, AccessDifference>()
  for (const one of [...diffAccess(before, after, now), ...later]) {
    const key = `${one.kind} ${one.uid}`
    if (!found.has(key)) found.set(key, one)
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

/** Teams that take an IdP group, as text. */
function teamsOf(policy: OrgPolicy | undefined, group: string): readonly string[] {
  const taking = policy?.teams.filter(({ idpGroups }) => idpGroups.includes(group)) ?? []
  return taking.map(({ uid }) => uid).toSorted()
}

/**
 * What a change of which IdP groups the teams take does to the people of these groups, whoever they are: somebody who is only in the
 * group. Groups that stay with their teams are left out.
 * @param now ms since the epoch.
 */
export function diffGroups(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly AccessDifference<'group'>[] {
  const named = [before, after].flatMap(
    (state) => state?.policy.teams.flatMap(({ idpGroups }) => idpGroups) ?? [],
  )
  const whoOf = ({ policy }: Side, group: string): Who<'group'> | undefined =>
    policy && {
      kind: 'group',
      uid: group,
      name: group,
      principal: onlyIn(policy, teamsOf(policy, group), group),
    }
  const remapped = [...new Set(named)]
    .toSorted()
    .filter((group) => teamsOf(before?.policy, group).join() !== teamsOf(after?.policy, group).join())
  const sides = { ...sidesOf(before, after, now), moved: [] }
  return remapped
    .map((group) => differenceOf(sides, whoOf(sides.before, group), whoOf(sides.after, group)))
    .filter((difference) => difference !== undefined)
}
