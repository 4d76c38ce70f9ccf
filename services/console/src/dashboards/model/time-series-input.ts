import {
  alignSeries,
  type Annotation,
  type ChartSeries,
  type Exemplar,
  type PlotInput,
  type SeriesLook,
} from '../../charts/index.ts'
import { hueOf } from './colour.ts'
import { absoluteThresholds, colorOf } from './display.ts'
import { customFlag, type FieldConfig } from './field-config.ts'
import type { Frame } from './frame.ts'
import { listOf, numberOf, recordOf, textOf } from './json.ts'
import type { Panel } from './panel.ts'
import { numbersOf, type ShownField, shownFields } from './shown-fields.ts'
import type { TimeRange } from './time-range.ts'

const curves: Readonly<Record<string, NonNullable<SeriesLook['curve']>>> = {
  linear: 'linear',
  smooth: 'smooth',
  stepBefore: 'step-before',
  stepAfter: 'step-after',
}

function colorFor(config: FieldConfig, values: readonly (number | null)[]): string | undefined {
  const { mode } = config.color
  if (mode === '' || mode.startsWith('palette-')) return undefined
  // A line has one colour: that of its last value, as Grafana's legend shows it.
  return colorOf(config, values.findLast((value) => value !== null) ?? null)
}

function stackOf({ custom }: FieldConfig): Pick<SeriesLook, 'stack' | 'stackShare'> {
  const stacking = recordOf(custom['stacking'])
  const mode = textOf(stacking['mode'])
  if (mode !== 'normal' && mode !== 'percent') return {}
  return { stack: textOf(stacking['group']) ?? 'A', ...(mode === 'percent' ? { stackShare: true } : {}) }
}

function lookOf(shown: ShownField, values: readonly (number | null)[], spansGaps: boolean): SeriesLook {
  const { config } = shown
  const { custom, unit, decimals } = config
  const color = colorFor(config, values)
  const lineStyle = recordOf(custom['lineStyle'])
  const dash =
    lineStyle['fill'] === 'dash' ? listOf(lineStyle['dash']).filter((n) => typeof n === 'number') : undefined
  const draw = textOf(custom['drawStyle'])
  const showPoints = textOf(custom['showPoints'])
  const width = numberOf(custom['lineWidth'])
  return {
    ...(color === undefined ? {} : { color }),
    ...(dash === undefined || dash.length === 0 ? {} : { dash }),
    ...stackOf(config),
    draw: draw === 'bars' || draw === 'points' ? draw : 'line',
    curve: curves[textOf(custom['lineInterpolation']) ?? ''] ?? 'linear',
    width: width === 0 ? 0 : Math.max(1.5, width ?? 1.5),
    fill: (numberOf(custom['fillOpacity']) ?? 0) / 100,
    points: showPoints === 'always' || showPoints === 'never' ? showPoints : 'auto',
    spanGaps: custom['spanNulls'] === true || typeof custom['spanNulls'] === 'number' || spansGaps,
    axis: custom['axisPlacement'] === 'right' ? 'right' : 'left',
    ...(unit === undefined ? {} : { unit }),
    ...(decimals === undefined ? {} : { decimals }),
  }
}

/** Most series that are drawn; thousands of lines tell nobody anything. */
export const mostSeries = 100

/** What a time series panel draws. */
export interface TimeSeriesShown {
  readonly input: PlotInput
  /** Series there are, of which at most {@link mostSeries} are drawn. */
  readonly count: number
}

/** What of the page goes into a chart. */
export interface ChartPlace {
  readonly range: TimeRange
  readonly isUtc: boolean
  readonly annotations: readonly Annotation[]
  readonly exemplars: readonly Exemplar[]
  readonly syncKey: string | undefined
}

/** The chart of a time series panel's frames. */
export function timeSeriesInput(panel: Panel, frames: readonly Frame[], place: ChartPlace): TimeSeriesShown {
  const all = shownFields(frames, panel.fields).filter(
    ({ field, config, times }) =>
      field.type === 'number' && times !== undefined && !customFlag(config, ['hideFrom', 'viz']),
  )
  const shown = all.slice(0, mostSeries)
  const steps = shown.map(({ frame }) => frame.step ?? 0)
  const step = Math.min(...steps)
  const { times, values } = alignSeries(
    shown.map(({ field, times: at = [] }) => ({
      times: at.map((t) => Number(t) / 1_000),
      values: numbersOf(field),
    })),
    Number.isFinite(step) && step > 0 ? step : undefined,
  )
  const series: ChartSeries[] = shown.map((one, i) => {
    const flip = one.config.custom['transform'] === 'negative-Y' ? -1 : 1
    const own = (values[i] ?? []).map((value) => (value === null ? null : value * flip))
    // Beside finer series a coarser one has no samples at most times: those are no gaps.
    return { id: one.id, name: one.name, values: own, look: lookOf(one, own, (one.frame.step ?? 0) > step) }
  })
  return { input: { ...frameOf(panel, place), times, series }, count: all.length }
}

/** Everything of a chart but its series. */
function frameOf({ fields: { defaults } }: Panel, place: ChartPlace): Omit<PlotInput, 'times' | 'series'> {
  const { custom } = defaults
  const scale = recordOf(custom['scaleDistribution'])
  const style = textOf(recordOf(custom['thresholdsStyle'])['mode']) ?? 'off'
  const isShare = recordOf(custom['stacking'])['mode'] === 'percent'
  const steps = absoluteThresholds(defaults).steps.filter(({ value }) => Number.isFinite(value))
  return {
    span: { from: place.range.from / 1_000, to: place.range.to / 1_000 },
    unit: isShare ? 'percentunit' : defaults.unit,
    decimals: defaults.decimals,
    min: defaults.min ?? numberOf(custom['axisSoftMin']),
    max: defaults.max,
    log: scale['type'] === 'log' ? (numberOf(scale['log']) === 2 ? 2 : 10) : undefined,
    axisLabel: textOf(custom['axisLabel']),
    ...(style === 'off'
      ? {}
      : {
          thresholds: steps.map(({ value, color }) => ({ value, color: hueOf(color) ?? '--hue-grey' })),
          thresholdStyle: style.includes('+') ? 'line+area' : style.includes('area') ? 'area' : 'line',
        }),
    annotations: place.annotations,
    exemplars: place.exemplars,
    isUtc: place.isUtc,
    syncKey: place.syncKey,
  }
}
