import { useEffect } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useMe } from '../api/me-context.ts'
import { useChange } from '../api/use-api.ts'
import { runQuery } from '../explore/answers.ts'
import { Badge } from '../parts/chips.tsx'
import { Promql } from '../parts/promql.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { list } from '../parts/list.ts'
import { type Previewed, previewed, type Where } from './model.ts'
import { subjectLink } from './words.ts'

/** A change of access as `/access/preview` takes it. */
export interface Proposal {
  readonly grants?: readonly {
    readonly subject: { readonly kind: string; readonly uid: string }
    readonly role: string
    readonly where: Where
    readonly constraints?: readonly string[]
    readonly notBefore?: string
    readonly expiresAt?: string
  }[]
  readonly revokeGrants?: readonly string[]
  readonly roles?: readonly {
    readonly name: string
    readonly version: number
    readonly permissions: readonly { readonly action: string; readonly scope: string }[]
  }[]
  readonly guardrails?: readonly { readonly selector: string; readonly reason?: string }[]
  readonly removeGuardrails?: readonly string[]
  readonly addMembers?: readonly { readonly team: string; readonly user: string }[]
  readonly removeMembers?: readonly { readonly team: string; readonly user: string }[]
}

type Item = Previewed['items'][number]
type Change = Item['series'][number]

/** How many accounts gain and lose, in a sentence. */
export function countsText(
  { accounts, gained, lost, widened, narrowed, changed }: Previewed['counts'],
  listed = 0,
): string {
  if (accounts === 0)
    return listed === 0
      ? 'Nobody gains or loses anything by this.'
      : 'Nobody who is known here gains or loses anything by this yet; what people of these teams will is listed.'
  const parts = [
    [gained, 'gains', 'gain', 'a data source'],
    [widened, 'sees', 'see', 'more series'],
    [narrowed, 'sees', 'see', 'fewer series'],
    [lost, 'loses', 'lose', 'a data source'],
    [changed, 'sees', 'see', 'other series than before'],
  ] as const
  const told = parts
    .filter(([count]) => count > 0)
    .map(([count, one, many, what]) => `${count} ${count === 1 ? one : many} ${what}`)
  const whom = accounts === 1 ? 'One account is affected' : `${accounts} accounts are affected`
  return told.length === 0 ? `${whom}.` : `${whom}: ${list(told)}.`
}

function countOf(selectors: readonly string[]): string {
  return selectors.length === 0 ? 'vector(0)' : `count(${selectors.join(' or ')}) or vector(0)`
}

/** How many series there are now, as far as the reader may count them. */
function Counted({ change }: { readonly change: Change }) {
  const me = useMe()
  const mine = me.dataSources.some(({ uid }) => uid === change.dataSource)
  const count = (selectors: readonly string[], signal: AbortSignal): Promise<number> =>
    runQuery(
      { source: change.dataSource, expr: countOf(selectors), at: { time: Math.floor(Date.now() / 1_000) } },
      { org: me.org.uid, signal },
    ).then(({ series }) => Number(series[0]?.samples[0]?.[1] ?? 0))
  const { data } = useQuery({
    queryKey: [me.org.uid, 'count', change.dataSource, change.before.selectors, change.after.selectors],
    enabled: mine,
    retry: false,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const [before, after] = await Promise.all([
        count(change.before.selectors, signal),
        count(change.after.selectors, signal),
      ])
      return { before, after }
    },
  })
  // The same number says nothing: what comes or goes is then not the reader's to count.
  if (data === undefined || data.before === data.after) return null
  return (
    <span className="small muted">
      {' '}
      ({data.before.toLocaleString('en-GB')} series before, {data.after.toLocaleString('en-GB')} after, of
      those that you see)
    </span>
  )
}

/** Else it is about alerts, rules or silences alone. */
function isQueried({ actions }: Change): boolean {
  return actions.includes('datasources:query')
}

const words = {
  gained: 'gains',
  lost: 'loses',
  widened: 'sees more of',
  narrowed: 'sees less of',
  changed: 'sees others of',
}
const kinds = {
  gained: 'good',
  lost: 'danger',
  widened: 'good',
  narrowed: 'caution',
  changed: 'caution',
} as const

const shownSelectors = 20

/** What somebody sees of a data source; of many selectors, which only dashboards have, the first. */
function Seen({ when, view }: { readonly when: 'before' | 'after'; readonly view: Change['before'] }) {
  const { selectors, words: told, onlyDashboards } = view
  const how = onlyDashboards ? `${when}, only queries of dashboards:` : `${when}:`
  const others = selectors.length - shownSelectors
  return (
    <>
      {selectors.slice(0, shownSelectors).map((selector) => (
        <p key={selector} className="small">
          {how} <Promql text={selector} />
        </p>
      ))}
      {others > 0 && <p className="small muted">and {others} more</p>}
      {onlyDashboards && selectors.length === 0 && (
        <p className="small">
          {when}: {told.join(', ')}
        </p>
      )}
    </>
  )
}

function Affected({ item, isCounted }: { readonly item: Item; readonly isCounted: boolean }) {
  const { kind, uid, name, gained, lost, series } = item
  return (
    <li className="stack-tight">
      <h3>
        <Link to={subjectLink({ kind, uid })}>{name}</Link>
      </h3>
      {series.map((change) => (
        <div key={JSON.stringify(change)} className="stack-tight">
          <p>
            <Badge kind={kinds[change.change]}>{words[change.change]}</Badge> data source {change.dataSource}
            {isQueried(change) ? isCounted && <Counted change={change} /> : ` (${list(change.actions)})`}
          </p>
          <Seen when="before" view={change.before} />
          <Seen when="after" view={change.after} />
        </div>
      ))}
      {gained.length > 0 && <p className="small">May then: {list(gained)}.</p>}
      {lost.length > 0 && <p className="small">May no longer: {list(lost)}.</p>}
    </li>
  )
}

const counted = 10

/** Whom a change of access gives or takes what, before it is made. Asks again when the proposal changes. */
export function Preview({ proposal }: { readonly proposal: Proposal }) {
  const change = useChange({
    request: (json: Proposal) => ({ path: '/api/v1/access/preview?limit=50', method: 'POST' as const, json }),
    schema: previewed,
    touches: [],
  })
  const text = JSON.stringify(proposal)
  const { run } = change
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the text stands for the proposal; run is new on every render
  useEffect(() => run(proposal), [text])
  if (change.error !== undefined)
    return <ErrorState error={change.error} title="The change cannot be previewed" />
  const { value } = change
  if (value === undefined || change.isRunning)
    return <Skeleton lines={4} label="Working out who is affected" />
  return (
    <section className="stack-tight" aria-label="What this changes">
      <h2 className="as-h3">What this changes</h2>
      <p role="status">{countsText(value.counts, value.items.length)}</p>
      {value.notHeld.length > 0 && (
        <p className="notice notice-danger">
          You cannot make this change: it would give {list(value.notHeld)}, which you do not hold yourself.
        </p>
      )}
      <ul role="list" className="stack divided">
        {value.items.map((item, i) => (
          <Affected key={`${item.kind} ${item.uid}`} item={item} isCounted={i < counted} />
        ))}
      </ul>
      {value.next !== null && <p className="small muted">Only the first 50 are shown.</p>}
    </section>
  )
}
