import { parseTime } from './written-time.ts'

/** A time range as it stands in an address: `now-1h`, `now`, or ms since the epoch as text. */
export interface RangeText {
  readonly from: string
  readonly to: string
}

/** A range at one moment, ms since the epoch. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Ranges to choose from, shortest first. */
export const commonRanges = [
  { from: 'now-5m', text: 'Last 5 minutes' },
  { from: 'now-15m', text: 'Last 15 minutes' },
  { from: 'now-1h', text: 'Last hour' },
  { from: 'now-3h', text: 'Last 3 hours' },
  { from: 'now-6h', text: 'Last 6 hours' },
  { from: 'now-12h', text: 'Last 12 hours' },
  { from: 'now-24h', text: 'Last 24 hours' },
  { from: 'now-2d', text: 'Last 2 days' },
  { from: 'now-7d', text: 'Last 7 days' },
  { from: 'now-30d', text: 'Last 30 days' },
] as const

/** A moment as ms since the epoch, in the reader's own time where the text has no zone; undefined for anything else. */
export function parseMoment(text: string, now: number): number | undefined {
  return parseTime(text, { now, isUtc: false })
}

/** The range at `now`; undefined unless it begins before it ends. */
export function resolveRange({ from, to }: RangeText, now: number): Range | undefined {
  const [start, end] = [parseMoment(from, now), parseTime(to, { now, isUtc: false, isEnd: true })]
  return start === undefined || end === undefined || start >= end ? undefined : { start, end }
}

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** The range in words. */
export function rangeInWords({ from, to }: RangeText, now: number): string {
  const common = to === 'now' ? commonRanges.find((one) => one.from === from) : undefined
  if (common !== undefined) return common.text
  const range = resolveRange({ from, to }, now)
  if (range === undefined) return `${from} to ${to}`
  return moment.formatRange(range.start, range.end)
}

/** `datetime-local` wants the reader's own time without a zone. */
export function toLocalInput(at: number): string {
  const date = new Date(at)
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** A step that gives about `points` points, seconds, rounded to what people expect. */
export function stepFor({ start, end }: Range, points = 300): number {
  const wanted = (end - start) / 1_000 / points
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400]
  return steps.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400
}
