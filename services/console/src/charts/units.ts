/** A number as people read it: the digits and what stands after them. */
export interface Formatted {
  readonly text: string
  /** With its leading space where there is one; empty for none. */
  readonly suffix: string
}

type Formatter = (value: number, decimals: number | undefined) => Formatted

/** Grafana's rule: about three significant digits. */
function autoDecimals(value: number): number {
  if (value === 0 || Number.isInteger(value)) return 0
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  const decimals = 1 - exponent
  const norm = Math.abs(value) / 10 ** -decimals
  return Math.min(12, Math.max(0, norm > 2.25 ? decimals + 1 : decimals))
}

function fixed(value: number, decimals: number | undefined): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  // Ten zeros behind a point tell nobody anything.
  if (decimals === undefined && value !== 0 && Math.abs(value) < 1e-6) return value.toExponential(2)
  const text = value.toFixed(decimals ?? autoDecimals(value))
  return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text
}

/** A fixed suffix. */
const suffixed =
  (suffix: string, factor = 1): Formatter =>
  (value, decimals) => ({ text: fixed(value * factor, decimals), suffix })

/** Steps of one factor, such as k, M, G; `start` is the step the number is given in. */
function scaled(factor: number, steps: readonly string[], start = 0): Formatter {
  return (value, decimals) => {
    let at = start
    let rest = value
    while (Number.isFinite(rest) && Math.abs(rest) >= factor && at < steps.length - 1) {
      rest /= factor
      at += 1
    }
    return { text: fixed(rest, decimals), suffix: steps[at] ?? '' }
  }
}

const metric = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const si = (unit: string, start = 0): Formatter =>
  scaled(
    1_000,
    metric.map((prefix) => ` ${prefix}${unit}`),
    start,
  )
const iec = (unit: string, start = 0): Formatter =>
  scaled(
    1_024,
    binary.map((prefix) => ` ${prefix}${unit}`),
    start,
  )
const short: Formatter = scaled(1_000, ['', ' K', ' Mil', ' Bil', ' Tri', ' Quadr', ' Quint'])
const simpleCount = (unit: string): Formatter =>
  scaled(1_000, [` ${unit}`, ` K ${unit}`, ` Mil ${unit}`, ` Bil ${unit}`])

/** Lengths of time in seconds, from which on the next unit is used, as Grafana names them. */
const spans: readonly (readonly [seconds: number, suffix: string])[] = [
  [31_536_000, ' years'],
  [604_800, ' weeks'],
  [86_400, ' days'],
  [3_600, ' hours'],
  [60, ' mins'],
  [1, ' s'],
  [1e-3, ' ms'],
  [1e-6, ' µs'],
]
const span =
  (secondsEach: number): Formatter =>
  (value, decimals) => {
    const seconds = value * secondsEach
    if (seconds === 0 || !Number.isFinite(seconds)) return { text: fixed(seconds, decimals), suffix: ' s' }
    const [each, suffix] = spans.find(([length]) => Math.abs(seconds) >= length) ?? ([1e-9, ' ns'] as const)
    return { text: fixed(seconds / each, decimals), suffix }
  }

const worded =
  (yes: string, no: string): Formatter =>
  (value) => ({ text: value === 0 ? no : yes, suffix: '' })

/** Hours, minutes and seconds: `1:02:03`. */
const clock =
  (secondsEach: number): Formatter =>
  (value) => {
    const all = Math.round(Math.abs(value * secondsEach))
    const two = (n: number): string => String(n).padStart(2, '0')
    const text = `${Math.floor(all / 3_600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`
    return { text: value < 0 ? `-${text}` : text, suffix: '' }
  }

function dateOf(options: Intl.DateTimeFormatOptions | 'iso'): Formatter {
  return (value) => {
    const date = new Date(value)
    if (Number.isNaN(date.getTime())) return { text: fixed(value, undefined), suffix: '' }
    const text =
      options === 'iso' ? date.toISOString() : new Intl.DateTimeFormat('en-GB', options).format(date)
    return { text, suffix: '' }
  }
}

/** "3 hours ago", for times in milliseconds. */
const fromNow: Formatter = (value) => {
  const seconds = (value - Date.now()) / 1_000
  const { text, suffix } = span(1)(Math.abs(seconds), 0)
  return { text: seconds < 0 ? `${text}${suffix} ago` : `in ${text}${suffix}`, suffix: '' }
}

const grouped: Formatter = (value, decimals) => ({
  text: Number.isFinite(value)
    ? value.toLocaleString('en-GB', {
        maximumFractionDigits: decimals ?? 3,
        minimumFractionDigits: decimals ?? 0,
      })
    : fixed(value, decimals),
  suffix: '',
})

/** The units that are known, by Grafana's ids. */
const formatters: Readonly<Record<string, Formatter>> = {
  none: suffixed(''),
  string: suffixed(''),
  short,
  sishort: si(''),
  percent: suffixed('%'),
  percentunit: suffixed('%', 100),
  humidity: suffixed(' %H'),
  dB: suffixed(' dB'),
  locale: grouped,
  sci: (value, decimals) => ({ text: value.toExponential(decimals), suffix: '' }),
  hex: (value) => ({ text: Math.trunc(value).toString(16).toUpperCase(), suffix: '' }),
  bool: worded('True', 'False'),
  bool_yes_no: worded('Yes', 'No'),
  bool_on_off: worded('On', 'Off'),
  ns: span(1e-9),
  µs: span(1e-6),
  ms: span(1e-3),
  s: span(1),
  m: span(60),
  h: span(3_600),
  d: span(86_400),
  dtdurations: span(1),
  dtdurationms: span(1e-3),
  dthms: clock(1),
  dtdhms: clock(1),
  clocks: clock(1),
  clockms: clock(1e-3),
  dateTimeAsIso: dateOf({ dateStyle: 'short', timeStyle: 'medium' }),
  dateTimeAsLocal: dateOf({ dateStyle: 'short', timeStyle: 'medium' }),
  dateTimeAsSystem: dateOf({ dateStyle: 'short', timeStyle: 'medium' }),
  dateTimeAsUS: dateOf({ dateStyle: 'short', timeStyle: 'medium' }),
  dateTimeFromNow: fromNow,
  bytes: iec('B'),
  kbytes: iec('B', 1),
  mbytes: iec('B', 2),
  gbytes: iec('B', 3),
  decbytes: si('B'),
  deckbytes: si('B', 1),
  decmbytes: si('B', 2),
  decgbytes: si('B', 3),
  bits: iec('b'),
  decbits: si('b'),
  Bps: si('B/s'),
  KBs: si('B/s', 1),
  MBs: si('B/s', 2),
  GBs: si('B/s', 3),
  binBps: iec('B/s'),
  KiBs: iec('B/s', 1),
  MiBs: iec('B/s', 2),
  bps: si('b/s'),
  Kbits: si('b/s', 1),
  Mbits: si('b/s', 2),
  binbps: iec('b/s'),
  pps: si('p/s'),
  reqps: simpleCount('req/s'),
  rps: simpleCount('reads/s'),
  wps: simpleCount('writes/s'),
  ops: simpleCount('ops/s'),
  iops: simpleCount('io/s'),
  cps: simpleCount('c/s'),
  eps: simpleCount('events/s'),
  mps: simpleCount('msgs/s'),
  reqpm: simpleCount('req/min'),
  opm: simpleCount('ops/min'),
  hertz: si('Hz'),
  rothz: si('Hz'),
  rotrpm: suffixed(' rpm'),
  celsius: suffixed(' °C'),
  fahrenheit: suffixed(' °F'),
  kelvin: suffixed(' K'),
  watt: si('W'),
  kwatt: si('W', 1),
  watth: si('Wh'),
  joule: si('J'),
  volt: si('V'),
  amp: si('A'),
  currencyUSD: (value, decimals) => ({ text: `$${fixed(value, decimals ?? 2)}`, suffix: '' }),
  currencyEUR: (value, decimals) => ({ text: `€${fixed(value, decimals ?? 2)}`, suffix: '' }),
  currencyGBP: (value, decimals) => ({ text: `£${fixed(value, decimals ?? 2)}`, suffix: '' }),
}

/** Units that carry their own text: `suffix:x`, `prefix:x`, `si:x`, `count:x`. */
function madeUp(unit: string): Formatter | undefined {
  const [kind, rest] = [unit.slice(0, unit.indexOf(':')), unit.slice(unit.indexOf(':') + 1)]
  switch (unit.includes(':') ? kind : '') {
    case 'suffix':
      return suffixed(` ${rest.trim()}`)
    case 'prefix':
      return (value, decimals) => ({ text: rest + fixed(value, decimals), suffix: '' })
    case 'si':
      return si(rest.trim())
    case 'count':
      return simpleCount(rest.trim())
    case 'time':
      return dateOf({ dateStyle: 'short', timeStyle: 'medium' })
    default:
      return undefined
  }
}

/** The digits and the suffix of a value in one of Grafana's units; an unknown unit is written after the number. */
export function formatParts(value: number, unit = '', decimals?: number): Formatted {
  const known = unit === '' ? suffixed('') : (formatters[unit] ?? madeUp(unit) ?? suffixed(` ${unit}`))
  return known(value, decimals)
}

/** A value in one of Grafana's units as one text: `formatValue(0.25, 'percentunit')` is `25%`. */
export function formatValue(value: number | null, unit = '', decimals?: number): string {
  if (value === null) return '–'
  const { text, suffix } = formatParts(value, unit, decimals)
  return text + suffix
}
