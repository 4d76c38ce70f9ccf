/** How one series is drawn. All of it has a default. */
export interface SeriesLook {
  /** A CSS colour, or a custom property of the charts' style sheet such as `--hue-red`; the palette's by default. */
  readonly color?: string
  readonly draw?: 'line' | 'bars' | 'points'
  readonly curve?: 'linear' | 'smooth' | 'step-before' | 'step-after'
  /** Pixels. */
  readonly width?: number
  /** Opacity of the area below, 0 to 1. */
  readonly fill?: number
  /** Lengths of dash and gap in pixels; of the palette by default. */
  readonly dash?: readonly number[]
  readonly points?: 'auto' | 'always' | 'never'
  /** Draws the line over missing samples. */
  readonly spanGaps?: boolean
  readonly axis?: 'left' | 'right'
  /** Series of one group are drawn on top of each other. */
  readonly stack?: string
  /** Of the group's sum, 0 to 1, instead of the values. */
  readonly stackShare?: boolean
  readonly unit?: string
  readonly decimals?: number
}

/** One series of a chart: a value or null for each time of the chart. */
export interface ChartSeries {
  readonly id: string
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly look?: SeriesLook
}

/** A line across the chart at a value. */
export interface Threshold {
  readonly value: number
  readonly color: string
}

/** Something that happened: at a time, or from a time until another (Unix seconds). */
export interface Annotation {
  readonly from: number
  readonly to?: number
  readonly text: string
  readonly color?: string
}

/** A single observation that was kept beside the samples, such as one request with its trace. */
export interface Exemplar {
  /** Unix seconds. */
  readonly at: number
  readonly value: number
  /** Its own labels as people read them. */
  readonly text: string
  /** The series it was observed for. */
  readonly series: string
}

/** A time range in Unix seconds. */
export interface TimeSpan {
  readonly from: number
  readonly to: number
}

/** Samples of series of their own times, before they stand on common ones. */
export interface RawSeries {
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
}

/**
 * Puts series on common times. With a step (seconds) a missing sample is a gap; without, only times that some series has stand there.
 */
export function alignSeries(
  series: readonly RawSeries[],
  step?: number,
): { readonly times: number[]; readonly values: (number | null)[][] } {
  const all = new Set(series.flatMap(({ times }) => times))
  const times = [...all].toSorted((a, b) => a - b)
  if (step !== undefined && step > 0) fillGaps(times, step)
  const at = new Map(times.map((time, i) => [time, i]))
  const values = series.map((one) => {
    const row = Array.from<number | null>({ length: times.length }).fill(null)
    one.times.forEach((time, i) => {
      const value = one.values[i] ?? null
      row[at.get(time) ?? -1] = value !== null && Number.isFinite(value) ? value : null
    })
    return row
  })
  return { times, values }
}

// One time in each gap is enough to break the line.
function fillGaps(times: number[], step: number): void {
  for (let i = times.length - 1; i > 0; i--) {
    const [before, after] = [times[i - 1] ?? 0, times[i] ?? 0]
    if (after - before > step * 1.5) times.splice(i, 0, before + step)
  }
}
