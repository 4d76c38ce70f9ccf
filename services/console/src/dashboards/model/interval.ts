import type { TimeRange } from './time-range.ts'
import { durationMs } from '../../parts/written-time.ts'

/** Grafana's round intervals: below the first number, the second (milliseconds). */
const rounded: readonly (readonly [below: number, interval: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1_500, 1_000],
  [3_500, 2_000],
  [7_500, 5_000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
  [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000],
  [3_628_800_000, 2_592_000_000],
]

export function roundInterval(ms: number): number {
  return rounded.find(([below]) => ms < below)?.[1] ?? 31_536_000_000
}

/** The most steps of a range that Prometheus answers. */
const mostSteps = 11_000
/** Grafana's default of a data source's scrape interval. */
const scrapeMs = 15_000

/** What the steps of a query follow from. */
export interface IntervalInput {
  readonly range: TimeRange
  /** As many samples as there are pixels. */
  readonly maxDataPoints: number
  /** Least steps of the query and the panel, as durations; empty for none. */
  readonly queryLeast: string
  readonly panelLeast: string
  readonly factor: number
}

/** Step and the intervals that variables stand for, in milliseconds, as Grafana's Prometheus data source computes them. */
export interface Intervals {
  readonly step: number
  readonly rateInterval: number
}

export function intervalsOf({
  range,
  maxDataPoints,
  queryLeast,
  panelLeast,
  factor,
}: IntervalInput): Intervals {
  const length = range.to - range.from
  const scrape = durationMs(queryLeast) ?? durationMs(panelLeast) ?? scrapeMs
  const least = scrape === 0 ? scrapeMs : scrape
  const wanted = Math.max(least, roundInterval(length / Math.max(1, maxDataPoints)))
  const safe = roundInterval(length / mostSteps)
  const step = (safe > wanted ? safe : wanted) * Math.max(1, factor)
  return { step, rateInterval: Math.max(step + least, 4 * least) }
}

/** Start and end on the grid of the step, so that the same range asked later has the same steps. Unix seconds. */
export function alignedRange(
  { from, to }: TimeRange,
  stepMs: number,
): { readonly start: number; readonly end: number } {
  const align = (ms: number): number => (Math.floor(ms / stepMs) * stepMs) / 1_000
  return { start: align(from), end: align(to) }
}
