import type { Principal } from './model.ts'
import type { OrgPolicy, Team } from './policy.ts'

/** Somebody as the audit log knows them. */
export type Asker = Pick<Principal, 'kind' | 'uid' | 'name' | 'teams'>

/** The teams somebody is in under a proposed policy, and those they may be in: their groups are not known well enough to tell. */
export interface JudgedTeams {
  readonly certain: readonly string[]
  readonly possible: readonly string[]
}

function storedTeams({ members, serviceAccounts }: OrgPolicy, { kind, uid }: Asker): readonly string[] {
  if (kind === 'user')
    return members.find((member) => member.uid === uid)?.teams.map((team) => team.uid) ?? []
  const team = serviceAccounts.find((account) => account.uid === uid)?.teamUid
  return team === undefined ? [] : [team]
}

/** Teams that only somebody's token gave at the time (a bearer token's groups). */
function teamsByToken(current: OrgPolicy, who: Asker): readonly string[] {
  const known = new Set(storedTeams(current, who))
  return who.teams.filter((uid) => !known.has(uid))
}

/** The teams somebody is in today: those stored, and those of their token as far as they still come from groups. */
export function teamsToday(current: OrgPolicy, who: Asker): readonly string[] {
  const fromGroups = new Set(
    current.teams.filter(({ idpGroups }) => idpGroups.length > 0).map(({ uid }) => uid),
  )
  const byToken = teamsByToken(current, who).filter((uid) => fromGroups.has(uid))
  return [...new Set([...storedTeams(current, who), ...byToken])].toSorted()
}

/** Teams whose groups a proposal changes, new ones with groups among them. */
export function remappedTeams(current: OrgPolicy, proposed: OrgPolicy): readonly Team[] {
  const key = ({ idpGroups }: Team): string => JSON.stringify(idpGroups.toSorted())
  const before = new Map(current.teams.map((team) => [team.uid, key(team)]))
  return proposed.teams.filter((team) => key(team) !== (before.get(team.uid) ?? '[]'))
}

/** What is known of somebody's groups from the teams that groups gave them: in which they are for certain, and in which not. */
function knownGroups({ teams }: OrgPolicy, byGroups: ReadonlySet<string>, kept: readonly string[]) {
  const out = new Set(teams.filter(({ uid }) => !byGroups.has(uid)).flatMap(({ idpGroups }) => idpGroups))
  // One of a team's groups gave it; where all but one are out, it was that one.
  const anyOf = teams
    .filter(({ uid, idpGroups }) => byGroups.has(uid) && idpGroups.length > 0)
    .map(({ idpGroups }) => idpGroups.filter((group) => !out.has(group)))
  return { out, anyOf: [...kept.map((group) => [group]), ...anyOf] }
}

/**
 * The teams somebody would be in. Of their groups are known those that their memberships keep, and what follows from the teams that
 * today's groups give; a group that no team names today is unknown.
 */
export function judgeTeams(
  current: OrgPolicy,
  proposed: OrgPolicy,
  who: Asker,
  remapped = remappedTeams(current, proposed),
): JudgedTeams {
  if (who.kind !== 'user' || proposed.members.find(({ uid }) => uid === who.uid)?.isProvisioned === true)
    return { certain: storedTeams(proposed, who).toSorted(), possible: [] }
  const changed = new Set(remapped.map(({ uid }) => uid))
  const member = (policy: OrgPolicy) => policy.members.find(({ uid }) => uid === who.uid)
  const byHand = (member(proposed)?.teams ?? []).filter(({ source }) => source === 'manual')
  const byGroups = new Set([
    ...(member(current)?.teams ?? []).filter(({ source }) => source === 'sso').map(({ uid }) => uid),
    ...teamsByToken(current, who),
  ])
  const kept = [...byGroups].filter(
    (uid) => !changed.has(uid) && proposed.teams.some((t) => t.uid === uid && t.idpGroups.length > 0),
  )
  const certain = new Set([...byHand.map(({ uid }) => uid), ...kept])
  const keptGroups = (member(current)?.teams ?? []).flatMap(({ groups }) => groups ?? [])
  const { out, anyOf } = knownGroups(current, byGroups, keptGroups)
  const possible: string[] = []
  for (const { uid, idpGroups } of remapped) {
    if (certain.has(uid)) continue
    const groups = new Set(idpGroups)
    if (anyOf.some((some) => some.length > 0 && some.every((group) => groups.has(group)))) certain.add(uid)
    else if (idpGroups.some((group) => !out.has(group))) possible.push(uid)
  }
  return { certain: [...certain].toSorted(), possible: possible.toSorted() }
}
