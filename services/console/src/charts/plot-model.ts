import { paletteColor, paletteDash } from './colours.ts'
import type { Annotation, ChartSeries, Exemplar, SeriesLook, Threshold, TimeSpan } from './series.ts'
import { stackSeries } from './stack.ts'

/** How thresholds are drawn. */
export type ThresholdStyle = 'line' | 'area' | 'line+area'

/** What a plot of time series draws. */
export interface PlotInput {
  readonly times: readonly number[]
  readonly series: readonly ChartSeries[]
  readonly span: TimeSpan
  readonly unit?: string | undefined
  readonly decimals?: number | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Base of a logarithmic value axis. */
  readonly log?: 2 | 10 | undefined
  readonly axisLabel?: string | undefined
  readonly thresholds?: readonly Threshold[]
  readonly thresholdStyle?: ThresholdStyle | undefined
  readonly annotations?: readonly Annotation[]
  readonly exemplars?: readonly Exemplar[]
  readonly isUtc?: boolean
  /** Charts with one key show their cursors at the same time. */
  readonly syncKey?: string | undefined
}

/** A series with every default filled in. */
export interface DrawnSeries {
  readonly id: string
  readonly name: string
  readonly hidden: boolean
  readonly color: string
  readonly dash: readonly number[]
  readonly look: SeriesLook
  /** Values before stacking. */
  readonly own: readonly (number | null)[]
  /** Values as drawn. */
  readonly values: readonly (number | null)[]
  /** Position of the series drawn below it in its stack. */
  readonly below: number | undefined
}

/** Gives every series its colour, dash and place in its stack. */
export function drawnSeries(series: readonly ChartSeries[], hidden: ReadonlySet<string>): DrawnSeries[] {
  const { values, below } = stackSeries(series, (id) => hidden.has(id))
  return series.map(({ id, name, look = {}, values: own }, i) => ({
    id,
    name,
    hidden: hidden.has(id),
    color: look.color ?? paletteColor(i),
    dash: look.dash ?? paletteDash(i),
    look,
    own,
    values: values[i] ?? own,
    below: below[i],
  }))
}
