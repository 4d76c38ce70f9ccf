import uPlot from 'uplot'
import { drawAnnotations, drawExemplars, drawThresholds } from './plot-draw.ts'
import type { DrawnSeries, PlotInput } from './plot-model.ts'
import { formatValue } from './units.ts'

/** What building a plot needs besides its data. */
export interface PlotSetting {
  readonly width: number
  readonly height: number
  readonly color: (css: string) => string
  readonly font: string
  readonly onSelect: ((from: number, to: number) => void) | undefined
  readonly plugins: uPlot.Plugin[]
}

// Tick labels by the length between ticks; the second line appears where the day changes.
const timeTicks: uPlot.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [
    0.001,
    ':{ss}.{fff}',
    '\n{D} {MMM} {HH}:{mm}',
    null,
    '\n{D} {MMM} {HH}:{mm}',
    null,
    '\n{HH}:{mm}',
    null,
    1,
  ],
]

function paths({ look }: DrawnSeries): uPlot.Series.PathBuilder | undefined {
  const { bars, points, spline, stepped } = uPlot.paths
  if (look.draw === 'bars') return bars?.({ size: [0.8, 40] })
  if (look.draw === 'points') return points?.()
  if (look.curve === 'smooth') return spline?.()
  if (look.curve === 'step-before') return stepped?.({ align: -1 })
  if (look.curve === 'step-after') return stepped?.({ align: 1 })
  return undefined
}

/** Few samples show as dots of their own: a single one would be no line. */
function showsPoints({ look, values }: DrawnSeries): boolean {
  if (look.draw === 'bars' || look.points === 'never') {
    const there = values.filter((value) => value !== null)
    return look.draw !== 'bars' && there.length === 1
  }
  return look.points === 'always' || look.draw === 'points'
}

function withAlpha(color: string, alpha: number): string {
  const channels = /^rgba?\(([^)]+)\)$/.exec(color)?.[1]?.split(/[ ,/]+/)
  if (channels === undefined) return color
  return `rgba(${channels.slice(0, 3).join(',')},${alpha})`
}

function seriesOf(drawn: DrawnSeries, { color }: PlotSetting): uPlot.Series {
  const { look } = drawn
  const stroke = color(drawn.color)
  const fill = look.fill ?? (look.draw === 'bars' ? 0.8 : look.stack === undefined ? 0 : 0.25)
  const path = paths(drawn)
  const points = showsPoints(drawn)
  return {
    scale: look.axis === 'right' ? 'right' : 'y',
    show: !drawn.hidden,
    label: drawn.name,
    stroke: look.draw === 'points' ? 'transparent' : stroke,
    width: look.draw === 'bars' ? Math.min(1, look.width ?? 1) : (look.width ?? 2),
    dash: look.draw === 'bars' ? [] : [...drawn.dash],
    spanGaps: look.spanGaps ?? false,
    ...(path === undefined ? {} : { paths: path }),
    ...(fill > 0 ? { fill: withAlpha(stroke, fill) } : {}),
    points:
      look.points === 'auto' || look.points === undefined
        ? { stroke, fill: stroke, size: 5 }
        : { show: points, stroke, fill: stroke, size: 5 },
  }
}

/** Lines above each other: the area between two neighbours of a stack is the upper one's. */
function bandsOf(drawn: readonly DrawnSeries[]): uPlot.Band[] {
  return drawn.flatMap(({ below }, i) => (below === undefined ? [] : [{ series: [i + 1, below + 1] }]))
}

function valueScale({ min, max, log }: PlotInput): uPlot.Scale {
  if (log !== undefined) return { distr: 3, log }
  return {
    range: (_plot, low, high) => {
      const [from, to] = [min ?? low ?? 0, max ?? high ?? 1]
      // A flat series gets room on both sides; zero stays the floor of what is never negative.
      if (from >= to) return [min ?? Math.min(0, from), max ?? (from === 0 ? 1 : from > 0 ? from * 1.25 : 0)]
      const soft = low >= 0 && low < high * 0.4 ? 0 : undefined
      const rounded = uPlot.rangeNum(soft ?? from, to, {
        min: { pad: 0.1, ...(from >= 0 ? { hard: 0 } : {}) },
        max: { pad: 0.1 },
      })
      return [min ?? rounded[0] ?? from, max ?? rounded[1] ?? to]
    },
  }
}

const binaryUnits: ReadonlySet<string> = new Set([
  'bytes',
  'kbytes',
  'mbytes',
  'gbytes',
  'bits',
  'binBps',
  'KiBs',
  'MiBs',
  'binbps',
])
/** Ticks of units that count in 1,024s stand at powers of two. */
const binarySteps: number[] = Array.from({ length: 64 }, (_, i) => 2 ** (i - 4))

function labelWidth(values: readonly string[] | null): number {
  const longest = (values ?? []).reduce((most, value) => Math.max(most, value.length), 0)
  return Math.max(36, 14 + longest * 6.6)
}

function valueAxis(
  input: PlotInput,
  setting: PlotSetting,
  side: { readonly scale: 'y' | 'right'; readonly unit: string | undefined },
): uPlot.Axis {
  const { color, font } = setting
  const { decimals, axisLabel } = input
  const { scale, unit } = side
  return {
    scale,
    side: scale === 'right' ? 1 : 3,
    stroke: color('--muted'),
    font,
    labelFont: font,
    size: (_plot, values) => labelWidth(values),
    space: 28,
    values: (_plot, splits) => tickTexts(splits, unit, decimals),
    ...(unit !== undefined && binaryUnits.has(unit) ? { incrs: binarySteps } : {}),
    grid: { show: scale === 'y', stroke: color('--line'), width: 1 },
    ticks: { show: false },
    ...(scale === 'y' && axisLabel !== undefined && axisLabel !== ''
      ? { label: axisLabel, labelSize: 18 }
      : {}),
  }
}

/** Ticks of one axis have as many decimals as tell them apart. */
function tickTexts(
  splits: readonly number[],
  unit: string | undefined,
  decimals: number | undefined,
): string[] {
  const texts = splits.map((value) => formatValue(value, unit, decimals))
  if (decimals !== undefined && new Set(texts).size < texts.length)
    return splits.map((value) => formatValue(value, unit))
  return texts.map((text) => text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, ''))
}

/** uPlot's options for an input. */
export function plotOptions(
  input: PlotInput,
  drawn: readonly DrawnSeries[],
  setting: PlotSetting,
): uPlot.Options {
  const { span, isUtc = false, syncKey } = input
  const { width, height, color, font, onSelect, plugins } = setting
  const right = drawn.find(({ look }) => look.axis === 'right')
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, right === undefined ? 12 : 0, 0, 0],
    focus: { alpha: 0.2 },
    ...(isUtc ? { tzDate: (ts: number) => uPlot.tzDate(new Date(ts * 1_000), 'Etc/UTC') } : {}),
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: onSelect !== undefined, y: false, setScale: false },
      ...(syncKey === undefined ? {} : { sync: { key: syncKey } }),
    },
    scales: {
      x: { time: true, range: () => [span.from, span.to] },
      y: valueScale(input),
      ...(right === undefined ? {} : { right: valueScale({ ...input, min: undefined, max: undefined }) }),
    },
    axes: [
      {
        stroke: color('--muted'),
        font,
        values: timeTicks,
        space: 64,
        size: 44,
        grid: { stroke: color('--line'), width: 1 },
        ticks: { show: true, stroke: color('--line'), size: 4 },
      },
      valueAxis(input, setting, { scale: 'y', unit: input.unit ?? drawn[0]?.look.unit }),
      ...(right === undefined ? [] : [valueAxis(input, setting, { scale: 'right', unit: right.look.unit })]),
    ],
    series: [{}, ...drawn.map((one) => seriesOf(one, setting))],
    bands: bandsOf(drawn),
    plugins,
    hooks: {
      drawClear: [(plot) => drawThresholds(plot, input, color)],
      draw: [(plot) => drawAnnotations(plot, input, color), (plot) => drawExemplars(plot, input, color)],
      setSelect: [(plot) => select(plot, onSelect)],
    },
  }
}

function select(plot: uPlot, onSelect: PlotSetting['onSelect']): void {
  const { left, width } = plot.select
  if (width < 4 || onSelect === undefined) return
  onSelect(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}
