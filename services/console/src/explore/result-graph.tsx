import { useMemo } from 'react'
import { alignSeries, TimeSeriesChart } from '../charts/index.ts'
import { seriesText } from '../parts/series-text.ts'
import type { Asked, Result, ResultSeries } from './answers.ts'

const mostDrawn = 40

function inputOf(series: readonly ResultSeries[], at: Extract<Asked['at'], { start: number }>) {
  const raw = series.map(({ samples }) => ({
    times: samples.map(([time]) => time),
    values: samples.map(([, value]) => Number(value)),
  }))
  const { times, values } = alignSeries(raw, at.step)
  return {
    times,
    span: { from: at.start, to: at.end },
    series: series.map(({ labels }, i) => ({
      id: seriesText(labels),
      name: seriesText(labels),
      values: values[i] ?? [],
    })),
  }
}

/** The series of a range query over time. */
export default function ResultGraph({
  result,
  asked,
  onZoom,
}: {
  readonly result: Result
  readonly asked: Asked
  readonly onZoom: (from: number, to: number) => void
}) {
  const at = 'start' in asked.at ? asked.at : undefined
  const drawn = result.series.slice(0, mostDrawn)
  const input = useMemo(
    () => (at === undefined ? undefined : inputOf(result.series.slice(0, mostDrawn), at)),
    [at, result],
  )
  if (input === undefined) return null
  return (
    <div className="stack-tight">
      {drawn.length < result.series.length && (
        <p className="notice">
          The first {mostDrawn} of {result.series.length} series are drawn. Aggregate, for example with{' '}
          <code>sum by</code>, or narrow the selector to see them all.
        </p>
      )}
      <TimeSeriesChart title={asked.expr} input={input} height={360} onZoom={onZoom} />
    </div>
  )
}
