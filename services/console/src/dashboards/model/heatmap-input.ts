import { alignSeries, formatValue, type HeatmapProps } from '../../charts/index.ts'
import type { Frame } from './frame.ts'
import { recordOf, textOf } from './json.ts'
import type { Panel } from './panel.ts'
import { numbersOf, shownFields } from './shown-fields.ts'
import type { TimeRange } from './time-range.ts'

const bound = (name: string): number => (name === '+Inf' ? Number.POSITIVE_INFINITY : Number(name))

/** The heat map of a panel whose series are buckets; undefined if they are not. */
export function heatmapInput(
  panel: Panel,
  frames: readonly Frame[],
  place: { readonly title: string; readonly range: TimeRange; readonly isUtc: boolean },
): HeatmapProps | undefined {
  const series = shownFields(frames, panel.fields).filter(
    ({ field, times }) => field.type === 'number' && times !== undefined,
  )
  const named = series.map((one) => ({ ...one, le: bound(one.field.labels['le'] ?? one.name) }))
  if (named.some(({ le }) => Number.isNaN(le))) return undefined
  const sorted = named.toSorted((a, b) => a.le - b.le)
  const { times, values } = alignSeries(
    sorted.map(({ field, times: at = [] }) => ({
      times: at.map((t) => Number(t) / 1_000),
      values: numbersOf(field),
    })),
  )
  const steps = sorted.flatMap(({ frame: { step } }) => (step === undefined || step <= 0 ? [] : [step]))
  const unit = textOf(recordOf(panel.options['yAxis'])['unit']) ?? panel.fields.defaults.unit
  return {
    title: place.title,
    times,
    buckets: sorted.map(({ le }, i) => ({
      name: Number.isFinite(le) ? formatValue(le, unit) : '+Inf',
      counts: values[i] ?? [],
    })),
    span: { from: place.range.from / 1_000, to: place.range.to / 1_000 },
    // A single time, of a query without steps, stands for the whole range.
    step: steps.length > 0 ? Math.min(...steps) : (place.range.to - place.range.from) / 1_000,
    isUtc: place.isUtc,
  }
}
