import { likenessOf } from './authorize.ts'
import { heldPermissions } from './may-grant.ts'
import type { Principal } from './model.ts'
import type { Action } from './permissions.gen.ts'
import type { OrgPolicy } from './policy.ts'
import { folderPath, scopeOf } from './scopes.ts'
import {
  type AccessState,
  changeOf,
  createViews,
  dataActions,
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
    /** With which actions that read series: queries, alerts, rules, silences. */
    readonly actions: readonly Action[]
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
  /** What is done to people of a likeness, on both sides; worked out once for all of them. */
  readonly known: Map<string, Change>
  /** ms since the epoch. */
  readonly now: number
}

/** What is done to somebody, whoever it is. */
type Change = Pick<AccessDifference, 'gained' | 'lost' | 'series'>

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
    known: new Map(),
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

/** What becomes of the series of a data source: usually the same with all actions. */
function seriesIn(
  { before, after, changeOf: compare }: Sides,
  dataSource: string,
  { was, is }: { readonly was: Who<Whose> | undefined; readonly is: Who<Whose> | undefined },
): Change['series'] {
  const alike = new Map<string, Change['series'][number]>()
  for (const action of dataActions) {
    const old = was === undefined ? noView : before.viewOf(was.principal, dataSource, action)
    const fresh = is === undefined ? noView : after.viewOf(is.principal, dataSource, action)
    const change = compare(old, fresh)
    if (change === undefined) continue
    const key = JSON.stringify([old, fresh])
    const known = alike.get(key)
    const actions = [...(known?.actions ?? []), action]
    alike.set(key, { dataSource, change, before: old, after: fresh, ...known, actions })
  }
  return [...alike.values()]
}

function workOut(sides: Sides, was: Who<Whose> | undefined, is: Who<Whose> | undefined): Change {
  const { before, after } = sides
  const oldHeld = heldBy(before, was, sides)
  const newHeld = heldBy(after, is, sides)
  const sources = new Set(
    [before, after].flatMap(({ policy }) => policy?.dataSources.map(({ uid }) => uid) ?? []),
  )
  const series = [...sources].toSorted().flatMap((dataSource) => seriesIn(sides, dataSource, { was, is }))
  const gained = newHeld.filter((held) => !oldHeld.includes(held))
  const lost = oldHeld.filter((held) => !newHeld.includes(held))
  return { gained, lost, series }
}

function differenceOf<Kind extends Whose>(
  sides: Sides,
  was: Who<Kind> | undefined,
  is: Who<Kind> | undefined,
): AccessDifference<Kind> | undefined {
  const who = is ?? was
  if (who === undefined) return undefined
  const likeness = ({ policy }: Side, one: typeof who | undefined): string =>
    policy === undefined || one === undefined ? '' : likenessOf(policy, one.principal)
  const key = JSON.stringify([likeness(sides.before, was), likeness(sides.after, is)])
  const change = sides.known.get(key) ?? workOut(sides, was, is)
  sides.known.set(key, change)
  const { gained, lost, series } = change
  if (gained.length + lost.length + series.length === 0) return undefined
  const { kind, uid, name } = who
  return { kind, uid, name, ...change }
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
  /** As {@link diffGroups}. */
  readonly groups: readonly AccessDifference<'group'>[]
}

/**
 * When grants begin or end after `now`; ms since the epoch. Those that stay as they are count, too: others may come to have them, or their
 * roles mean something else.
 */
function momentsOf(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly number[] {
  const grants = [before, after].flatMap((state) => state?.policy.grants ?? [])
  const times = grants.flatMap(({ notBefore, expiresAt }) => [notBefore ?? now, expiresAt ?? now])
  return [...new Set(times)].filter((at) => at > now).toSorted((a, b) => a - b)
}

/**
 * What the change does now, and when grants begin or end later, moment by moment, so that others can be served in between; undefined where
 * it is no other difference than the one before.
 * @param now ms since the epoch.
 */
export function* differencesOverTime(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): Generator<LaterDifference | undefined, void> {
  let last: string | undefined
  for (const at of [now, ...momentsOf(before, after, now)]) {
    const found = { differences: diffAccess(before, after, at), groups: diffGroups(before, after, at) }
    const text = JSON.stringify(found)
    yield text === last ? undefined : { at, ...found }
    last = text
  }
}

/** {@link differencesOverTime} from the first moment after `now` on, all at once. */
export function diffLater(
  before: AccessState | undefined,
  after: AccessState | undefined,
  now: number,
): readonly LaterDifference[] {
  return [...differencesOverTime(before, after, now)].slice(1).filter((later) => later !== undefined)
}

function joined<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return [...new Map([...a, ...b].map((one) => [JSON.stringify(one), one])).values()]
}

/** What is done to people at one moment or another, by everybody's kind and uid: all of it in one. */
export function joinDifferences(
  all: Map<string, AccessDifference>,
  differences: readonly AccessDifference[],
): void {
  for (const one of differences) {
    const key = `${one.kind} ${one.uid}`
    const known = all.get(key)
    all.set(
      key,
      known === undefined
        ? one
        : {
            ...known,
            gained: joined(known.gained, one.gained).toSorted(),
            lost: joined(known.lost, one.lost).toSorted(),
            series: joined(known.series, one.series),
          },
    )
  }
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
