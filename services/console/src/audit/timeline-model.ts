import type { Range } from '../parts/time-range.ts'
import type { Histogram } from './model.ts'

export const kinds = ['allowed', 'change', 'failed', 'denied'] as const
export type Kind = (typeof kinds)[number]

export const kindWords: Readonly<Record<Kind, string>> = {
  allowed: 'allowed',
  change: 'changes',
  failed: 'failed',
  denied: 'denied',
}

/** The events of one span, by kind. `start` and `end` are ms since the epoch. */
export interface Bar extends Range {
  readonly counts: Readonly<Record<Kind, number>>
  readonly total: number
}

function kindOf(result: string, of: string): Kind {
  if (result === 'denied' || result === 'failed') return result
  return of === 'change' ? 'change' : 'allowed'
}

/** Every span of `range`, also those in which nothing happened. The first and the last end where the range does. */
export function toBars({ widthSeconds, bars }: Histogram, range: Range): readonly Bar[] {
  const width = widthSeconds * 1_000
  if (width <= 0) return []
  const first = Math.floor(range.start / width) * width
  const starts = Array.from({ length: Math.ceil((range.end - first) / width) }, (_, i) => first + i * width)
  const counts = new Map(starts.map((start) => [start, { allowed: 0, change: 0, failed: 0, denied: 0 }]))
  for (const { at, class: of, result, events } of bars) {
    const found = counts.get(Math.floor(Date.parse(at) / width) * width)
    if (found !== undefined) found[kindOf(result, of)] += events
  }
  return [...counts].map(([start, count]) => ({
    start: Math.max(start, range.start),
    end: Math.min(start + width, range.end),
    counts: count,
    total: kinds.reduce((sum, kind) => sum + count[kind], 0),
  }))
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

/** `10:30 to 11:00`, with the date where the range is longer than a day. */
export function spanText({ start, end }: Range, isLong: boolean): string {
  const format = isLong ? day : clock
  return `${format.format(start)} to ${format.format(end)}`
}

/** `12 allowed, 3 denied`; `nothing` for an empty span. */
export function countsText({ counts, total }: Pick<Bar, 'counts' | 'total'>): string {
  if (total === 0) return 'nothing'
  return kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind].toLocaleString('en-GB')} ${kindWords[kind]}`)
    .join(', ')
}

/** All bars as one. */
export function sumOf(bars: readonly Bar[]): Pick<Bar, 'counts' | 'total'> {
  const counts = { allowed: 0, change: 0, failed: 0, denied: 0 }
  for (const bar of bars) for (const kind of kinds) counts[kind] += bar.counts[kind]
  return { counts, total: bars.reduce((sum, { total }) => sum + total, 0) }
}
