import { type PointerEvent, useState } from 'react'
import './charts.css'
import './figures.css'
import { timeText } from './summary.ts'
import type { TimeSpan } from './series.ts'
import { formatValue } from './units.ts'

/** Counts by time and bucket. */
export interface HeatmapProps {
  readonly title: string
  /** Unix seconds. */
  readonly times: readonly number[]
  /** Buckets from the lowest, each with its counts by time. */
  readonly buckets: readonly { readonly name: string; readonly counts: readonly (number | null)[] }[]
  readonly span: TimeSpan
  /** Seconds before its time that a count covers. */
  readonly step: number
  readonly isUtc: boolean
  readonly unit?: string | undefined
}

const [width, height] = [100, 60]

/** Every how many labels one is shown, so that at most `most` are. */
function every(count: number, most: number): number {
  return Math.max(1, Math.ceil(count / most))
}

/** Where the counts of a time stand, from 0 to 1 across the span; what lies outside of it is cut off. */
export function columnAt(
  time: number,
  { span, step }: Pick<HeatmapProps, 'span' | 'step'>,
): readonly [from: number, to: number] {
  const share = (at: number): number =>
    Math.min(1, Math.max(0, (at - span.from) / Math.max(1, span.to - span.from)))
  return [share(time - step), share(time)]
}

/** What a heat map shows, in sentences: where most falls, and how high it reaches. */
export function heatmapSummary({ title, times, buckets, span, isUtc, unit }: HeatmapProps): string {
  const totals = buckets.map(({ name, counts }) => ({
    name,
    total: counts.reduce<number>((a, b) => a + (b ?? 0), 0),
  }))
  const all = totals.reduce((sum, { total }) => sum + total, 0)
  const range = `from ${timeText(span.from, span, isUtc)} to ${timeText(span.to, span, isUtc)}`
  const head = `${title === '' ? 'Heat map' : `${title}, heat map`} of ${buckets.length} buckets ${range}`
  if (all === 0 || times.length === 0) return `${head}: nothing counted.`
  const most = totals.reduce((a, b) => (b.total > a.total ? b : a))
  const highest = totals.findLast(({ total }) => total > 0)
  const share = formatValue(most.total / all, 'percentunit', 0)
  return `${head}. Most, ${share}, falls into the bucket up to ${most.name}; the highest with anything in it is up to ${highest?.name ?? ''}. ${formatValue(all, unit ?? 'short')} in all.`
}

/** Counts as darker and lighter fields, by time and bucket. */
export function Heatmap(props: HeatmapProps) {
  const { times, buckets, span, isUtc, unit } = props
  const [at, setAt] = useState<{ readonly column: number; readonly row: number }>()
  const most = buckets.reduce(
    (max, { counts }) => counts.reduce<number>((a, b) => Math.max(a, b ?? 0), max),
    0,
  )
  const h = height / Math.max(1, buckets.length)
  const columns = times.map((time) => columnAt(time, props))
  const labelEach = every(buckets.length, 8)
  const follow = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect()
    const across = (event.clientX - box.left) / box.width
    const column = columns.findIndex(([from, to]) => from <= across && across < to)
    const row = buckets.length - 1 - Math.floor(((event.clientY - box.top) / box.height) * buckets.length)
    setAt(times[column] === undefined || buckets[row] === undefined ? undefined : { column, row })
  }
  const ticks = [0, 1, 2, 3, 4].map((i) => span.from + ((span.to - span.from) * i) / 4)
  return (
    <div className="heatmap" role="img" aria-label={heatmapSummary(props)}>
      <div className="heatmap-rows" aria-hidden="true">
        {buckets.toReversed().map(({ name }, i) => (
          <span key={name}>{(buckets.length - 1 - i) % labelEach === 0 ? name : ''}</span>
        ))}
      </div>
      <svg
        className="heatmap-plot"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerMove={follow}
        onPointerLeave={() => setAt(undefined)}
      >
        {buckets.map(({ name, counts }, row) =>
          counts.map((count, column) => {
            const [from, to] = columns[column] ?? [0, 0]
            return count === null || count <= 0 || to <= from ? null : (
              <rect
                key={`${name} ${times[column]}`}
                x={from * width}
                y={height - (row + 1) * h}
                width={(to - from) * width * 0.96}
                height={h * 0.94}
                className="heatmap-cell"
                // The square root, as Grafana's default scale: rare things stay visible.
                style={{ '--heat': `${Math.round(8 + 92 * Math.sqrt(count / most))}%` }}
              />
            )
          }),
        )}
      </svg>
      <div className="heatmap-times" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick}>{timeText(tick, span, isUtc)}</span>
        ))}
      </div>
      {at === undefined ? null : (
        <p className="heatmap-tip" aria-hidden="true">
          {timeText(times[at.column] ?? 0, span, isUtc)} · up to {buckets[at.row]?.name}:{' '}
          {formatValue(buckets[at.row]?.counts[at.column] ?? 0, unit ?? 'short')}
        </p>
      )}
    </div>
  )
}
