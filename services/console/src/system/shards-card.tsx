import { Badge } from '../parts/chips.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { EmptyState } from '../parts/states.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { list } from '../parts/list.ts'
import { secondsText } from '../parts/quantities.ts'
import { type Health, type ReplicaRow, type ShardRow } from './shard-rows.ts'

const badges: Readonly<Record<Health, 'good' | 'caution' | 'danger' | 'plain'>> = {
  answering: 'good',
  slow: 'caution',
  failing: 'danger',
  'not asked': 'plain',
}

function trendWords(trend: readonly number[]): string {
  const known = trend.filter(Number.isFinite)
  if (known.length < 2) return 'No trend yet'
  return `Mean latency from ${secondsText(Math.min(...known))} to ${secondsText(Math.max(...known))}, last ${secondsText(known.at(-1))}`
}

/** Latency and errors of a replica, where it was asked. */
function replicaWords({ requests, failed, p95 }: ReplicaRow): string {
  if (requests === 0) return ''
  return `${secondsText(p95)}, ${failed.toLocaleString('en-GB')} of ${requests.toLocaleString('en-GB')} failed`
}

function Replicas({ row }: { readonly row: ShardRow }) {
  return (
    <ul role="list" className="stack-tight">
      {row.replicas.map((replica) => (
        <li key={replica.name}>
          {replica.name} <Badge kind={badges[replica.health]}>{replica.health}</Badge>
          <span className="small muted"> {replicaWords(replica)}</span>
        </li>
      ))}
    </ul>
  )
}

const columns: readonly Column<ShardRow>[] = [
  { id: 'name', title: 'Shard', cell: (row) => <strong>{row.name}</strong>, sortBy: (row) => row.name },
  {
    id: 'state',
    title: 'State',
    cell: (row) => <Badge kind={badges[row.health]}>{row.health}</Badge>,
    sortBy: (row) => ['failing', 'slow', 'answering', 'not asked'].indexOf(row.health),
  },
  {
    id: 'p95',
    title: '95th percentile',
    isNumber: true,
    cell: (row) => secondsText(row.p95),
    sortBy: (row) => row.p95 ?? -1,
  },
  {
    id: 'trend',
    title: 'Mean latency',
    isExtra: true,
    cell: (row) =>
      row.trend.some(Number.isFinite) ? <Sparkline values={row.trend} label={trendWords(row.trend)} /> : '–',
  },
  {
    id: 'requests',
    title: 'Requests',
    isNumber: true,
    cell: (row) => row.requests.toLocaleString('en-GB'),
    sortBy: (row) => row.requests,
  },
  {
    id: 'failed',
    title: 'Failed',
    isNumber: true,
    cell: (row) => row.failed.toLocaleString('en-GB'),
    sortBy: (row) => row.failed,
  },
  { id: 'replicas', title: 'Replicas: 95th percentile and errors', cell: (row) => <Replicas row={row} /> },
  { id: 'sources', title: 'Data sources', isExtra: true, cell: (row) => row.sources.join(', ') || '–' },
]

/** The slowest and the failing shards in a sentence; what it says is what an operator came for. */
export function shardsInWords(rows: readonly ShardRow[]): string {
  const asked = rows.filter(({ health }) => health !== 'not asked')
  if (asked.length === 0) return 'No shard was asked.'
  const failing = asked.filter(({ health }) => health === 'failing').map(({ name }) => name)
  const slowest = asked.toSorted((a, b) => (b.p95 ?? 0) - (a.p95 ?? 0))[0]
  const first =
    failing.length === 0
      ? 'All shards that were asked answer.'
      : `${list(failing)} ${failing.length === 1 ? 'fails' : 'fail'}.`
  return slowest === undefined || asked.length === 1
    ? first
    : `${first} The slowest is ${slowest.name}: 95 of 100 answers begin within ${secondsText(slowest.p95)}.`
}

/** Every shard with its replicas, latency and errors. */
export function ShardsCard({
  rows,
  period,
}: {
  readonly rows: readonly ShardRow[]
  readonly period: string
}) {
  return (
    <section className="card stack" aria-labelledby="shards">
      <h2 id="shards">Shards and replicas</h2>
      {rows.length === 0 ? (
        <EmptyState title="There is no data source yet">
          <p>
            Declare shards and replicas in an access file, or add a data source to an org through the API.
          </p>
        </EmptyState>
      ) : (
        <>
          <p>
            {shardsInWords(rows)} <span className="muted">Counted {period}.</span>
          </p>
          <Table caption="Shards" isCaptionHidden columns={columns} rows={rows} rowKey={({ name }) => name} />
        </>
      )}
    </section>
  )
}
