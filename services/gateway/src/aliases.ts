import type { DataSource } from '@gatehouse/query'
import type { OrgState } from './reach.ts'

/** What is needed to tell whether two names lead to one server. */
export interface AliasDeps<State extends OrgState> {
  /** An org's access settings: the same object as long as nothing changes. */
  readonly orgState: (orgUid: string) => Promise<State>
  /** Servers (`host:port`) that other orgs reach through another tenant label than this one. */
  readonly reachedByOthers: (orgUid: string, tenantLabel: string) => Promise<readonly string[]>
  /** The first of these servers that a URL leads to under whatever name. */
  readonly findAlias: (url: string, servers: readonly string[]) => Promise<string | undefined>
  readonly onError: (error: unknown) => void
}

/** How long names are taken to lead where they led, ms; beyond twice that nobody is answered before they are looked up again. */
const lookUpEveryMs = 30_000

function urlsOf({ shards, engine, alertmanagerUrl }: DataSource): readonly string[] {
  const replicas = [...shards, ...(engine === undefined ? [] : [engine])].flatMap((shard) => shard.replicas)
  const all = [...replicas.map(({ url }) => url), ...(alertmanagerUrl === undefined ? [] : [alertmanagerUrl])]
  return [...new Set(all)]
}

interface Looked<State> {
  readonly state: State
  readonly at: number
  readonly again: Promise<State> | undefined
}

/**
 * An org's state without the data sources whose servers another org reaches through another tenant label under another name; the database
 * leaves out those of the same name. Names are looked up when settings change, and again every half minute.
 */
export function withoutAliases<State extends OrgState>(deps: AliasDeps<State>): AliasDeps<State>['orgState'] {
  const known = new WeakMap<State, Looked<State>>()

  async function isAliased(source: DataSource): Promise<boolean> {
    const others = await deps.reachedByOthers(source.orgUid, source.tenantLabel)
    if (others.length === 0) return false
    const found = await Promise.all(urlsOf(source).map((url) => deps.findAlias(url, others)))
    return found.some((alias) => alias !== undefined)
  }

  async function lookUp(state: State): Promise<State> {
    const sources = [...state.dataSources.values()]
    const verdicts = await Promise.all(sources.map(isAliased))
    const aliased = new Set(sources.filter((_source, i) => verdicts[i] === true).map(({ uid }) => uid))
    const left = new Map([...state.dataSources].filter(([uid]) => !aliased.has(uid)))
    const answer =
      aliased.size === 0
        ? state
        : { ...state, dataSources: left, contested: new Set([...state.contested, ...aliased]) }
    known.set(state, { state: answer, at: performance.now(), again: undefined })
    return answer
  }

  return async (orgUid) => {
    const state = await deps.orgState(orgUid)
    const looked = known.get(state)
    if (looked === undefined) return lookUp(state)
    const age = performance.now() - looked.at
    if (age < lookUpEveryMs) return looked.state
    if (looked.again === undefined) {
      const again = lookUp(state)
      known.set(state, { ...looked, again })
      again.catch((error: unknown) => {
        known.set(state, looked)
        deps.onError(error)
      })
    }
    return age > 2 * lookUpEveryMs ? (known.get(state)?.again ?? lookUp(state)) : looked.state
  }
}
