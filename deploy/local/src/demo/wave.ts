/** A day, seconds. */
export const day = 86_400

/**
 * When all demo counters were zero (2025-01-01 UTC, seconds). Being fixed, it makes every value a function of time
 * alone: history, live scrape and a scrape after a pause lie on one curve.
 */
const epoch = Date.UTC(2025, 0, 1) / 1000

interface Harmonic {
  readonly amplitude: number
  readonly period: number
  readonly phase: number
}

/** A rate over time: a base (per second) with daily, hourly and shorter swings, never negative. */
export interface Wave {
  readonly base: number
  readonly harmonics: readonly Harmonic[]
}

/** A number in [0, 1) that always is the same for the same text (FNV-1a). */
export function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  // FNV's high bits hardly change with the last characters; fold before use.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

// Amplitudes sum to 0.75 < 1, so that a rate never falls to zero.
const swings = [
  { amplitude: 0.45, period: day },
  { amplitude: 0.12, period: 6_210 },
  { amplitude: 0.1, period: 1_260 },
  { amplitude: 0.08, period: 347 },
]

/** A wave of this base rate; `name` decides its phases, and the day's peak is about 14:00 UTC for all. */
export function createWave(name: string, base: number): Wave {
  const peak = 14 * 3_600 + (fraction(name) - 0.5) * 7_200
  const harmonics = swings.map(({ amplitude, period }, i) => {
    const phase = i === 0 ? Math.PI / 2 - (2 * Math.PI * peak) / day : 2 * Math.PI * fraction(`${name}/${i}`)
    return { amplitude, period, phase }
  })
  return { base, harmonics }
}

/** The rate at a time (Unix seconds), per second. */
export function rateAt({ base, harmonics }: Wave, time: number): number {
  let sum = 1
  for (const { amplitude, period, phase } of harmonics)
    sum += amplitude * Math.sin((2 * Math.PI * time) / period + phase)
  return base * sum
}

/** How much has come since the epoch: the integral of {@link rateAt} in closed form. */
export function totalAt({ base, harmonics }: Wave, time: number): number {
  let sum = time - epoch
  for (const { amplitude, period, phase } of harmonics) {
    const w = (2 * Math.PI) / period
    sum += (amplitude / w) * (Math.cos(w * epoch + phase) - Math.cos(w * time + phase))
  }
  return base * sum
}

/** From a time on (Unix seconds), this share of a wave is of the kind in question. */
export interface Step {
  readonly from: number
  readonly share: number
}

/**
 * Counts what a changing share of a wave adds up to; the function returned gives the count at a time.
 * The first step holds from the epoch on, whatever its `from` says.
 */
export function countShare(wave: Wave, steps: readonly Step[]): (time: number) => number {
  let before = 0
  const segments = steps.map(({ from, share }, i) => {
    const start = i === 0 ? epoch : from
    const segment = { start, share, before, startTotal: totalAt(wave, start) }
    const next = steps[i + 1]
    if (next !== undefined) before += share * (totalAt(wave, next.from) - segment.startTotal)
    return segment
  })
  return (time) => {
    const segment = segments.findLast(({ start }) => start <= time) ?? segments[0]
    if (segment === undefined) return 0
    return Math.floor(segment.before + segment.share * (totalAt(wave, time) - segment.startTotal))
  }
}
