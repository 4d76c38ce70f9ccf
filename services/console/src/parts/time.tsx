const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto' })
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** How far `at` is from `now`, both ms since the epoch: `in 3 hours`, `2 minutes ago`. */
export function agoText(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1_000)
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1]
  return relative.format(Math.trunc(seconds / size), unit)
}

/** A time in the reader's zone; its UTC form on hover and for programs. `at` is ms since the epoch or ISO 8601. */
export function Time({
  at,
  isRelative = false,
}: {
  readonly at: number | string
  readonly isRelative?: boolean
}) {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return <>–</>
  const iso = date.toISOString()
  return (
    <time dateTime={iso} title={`${iso.replace('T', ' ').slice(0, 19)} UTC`}>
      {isRelative ? agoText(date.getTime(), Date.now()) : full.format(date)}
    </time>
  )
}
