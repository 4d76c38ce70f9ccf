import { dateText, parseTime, type TimeSetting } from '../../parts/written-time.ts'
import type { RangeText } from '../../parts/time-range.ts'

/** A time range in milliseconds since 1970. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** A written range in milliseconds; undefined if a part cannot be read or nothing lies between. */
export function resolveRange(range: RangeText, setting: Omit<TimeSetting, 'isEnd'>): TimeRange | undefined {
  const from = parseTime(range.from, setting)
  const to = parseTime(range.to, { ...setting, isEnd: true })
  return from === undefined || to === undefined || from >= to ? undefined : { from, to }
}

const unitNames: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  M: 'month',
  y: 'year',
}

/** Ranges that are offered by name. */
export const quickRanges: readonly (RangeText & { readonly name: string })[] = [
  ...['5m', '15m', '30m', '1h', '3h', '6h', '12h', '24h', '2d', '7d', '30d', '90d'].map((span) => ({
    from: `now-${span}`,
    to: 'now',
    name: lastText(span),
  })),
  { from: 'now/d', to: 'now/d', name: 'Today' },
  { from: 'now-1d/d', to: 'now-1d/d', name: 'Yesterday' },
  { from: 'now/w', to: 'now/w', name: 'This week' },
  { from: 'now-1w/w', to: 'now-1w/w', name: 'Last week' },
  { from: 'now/M', to: 'now/M', name: 'This month' },
]

function lastText(span: string): string {
  const [, count = '', unit = ''] = /^(\d+)([smhdwMy])$/.exec(span) ?? []
  return `Last ${count === '1' ? '' : `${count} `}${unitNames[unit] ?? unit}${count === '1' ? '' : 's'}`
}

/** A range as people read it. */
export function rangeText(range: RangeText, isUtc: boolean): string {
  const quick = quickRanges.find(({ from, to }) => from === range.from && to === range.to)
  if (quick !== undefined) return quick.name
  const last = /^now-(\d+[smhdwMy])$/.exec(range.from)?.[1]
  if (last !== undefined && range.to === 'now') return lastText(last)
  const end = (text: string): string => {
    const ms = text.startsWith('now') ? undefined : parseTime(text, { now: 0, isUtc })
    return ms === undefined ? text : dateText(ms, isUtc)
  }
  return `${end(range.from)} to ${end(range.to)}`
}

/** The range half or twice as long around the middle, or moved by half its length. */
export function movedRange({ from, to }: TimeRange, how: 'in' | 'out' | 'earlier' | 'later'): TimeRange {
  const length = to - from
  switch (how) {
    case 'in':
      return { from: Math.round(from + length / 4), to: Math.round(to - length / 4) }
    case 'out':
      return { from: Math.round(from - length / 2), to: Math.round(to + length / 2) }
    case 'earlier':
      return { from: Math.round(from - length / 2), to: Math.round(to - length / 2) }
    case 'later':
      return { from: Math.round(from + length / 2), to: Math.round(to + length / 2) }
  }
}
