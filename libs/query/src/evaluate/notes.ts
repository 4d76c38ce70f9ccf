import { formatValue } from './format.ts'
import type { Labels, Series } from './model.ts'

/** Warnings and infos that go with an answer, each once. */
export interface Notes {
  readonly warnings: Set<string>
  readonly infos: Set<string>
}

export function createNotes(): Notes {
  return { warnings: new Set(), infos: new Set() }
}

/** Prometheus lists no more of either. */
const maxListed = 10
const omitted = /^(\d+) more (?:(warning|info) )?annotations omitted$/

/** What an answer says beside its data. */
export interface Listed {
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** The notes of an answer as Prometheus lists them: ten at most, and how many more; before 2.54 all of them as warnings. */
export function listNotes({ warnings, infos }: Notes, { splitsNotes }: { splitsNotes: boolean }): Listed {
  if (!splitsNotes) return { warnings: cut(new Set([...warnings, ...infos]), ''), infos: [] }
  return { warnings: cut(warnings, 'warning '), infos: cut(infos, 'info ') }
}

/** Shards that list no more than ten themselves say how many they left out. What is no remark on the expression is never left out. */
function cut(notes: ReadonlySet<string>, kind: 'warning ' | 'info ' | ''): readonly string[] {
  const remarks = [...notes].filter((note) => note.startsWith('PromQL '))
  const others = [...notes].filter((note) => !note.startsWith('PromQL ') && !omitted.test(note))
  const left = [...notes].map((note) => Number(omitted.exec(note)?.[1] ?? 0))
  const more = Math.max(0, remarks.length - maxListed) + Math.max(0, ...left)
  const listed = [...others, ...remarks.slice(0, maxListed)]
  return more === 0 ? listed : [...listed, `${more} more ${kind}annotations omitted`]
}

/** Shards give positions in the part that they were sent, which would mislead in the whole. */
export function withoutPosition(note: string): string {
  return note.replace(/ \(\d+:\d+\)$/, '')
}

/** A value as Go's `%g` prints it: with an exponent of two digits at least below 1e-4 and from 1e6 on. */
function formatShortest(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  if (!Number.isFinite(value) || value === 0 || (power >= -4 && power < 6)) return formatValue(value)
  const digits = String(Math.abs(power)).padStart(2, '0')
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`
}

/** Prometheus's warning about a φ that is no quantile. */
export function noteQuantiles(phis: Float64Array, notes: Notes): void {
  for (const phi of phis) {
    if (phi >= 0 && phi <= 1) continue
    notes.warnings.add(`PromQL warning: quantile value should be between 0 and 1, got ${formatShortest(phi)}`)
  }
}

/** Prometheus's warning about a bucket without a bound. */
export function noteBadBucket({ labels }: Series, notes: Notes): void {
  const [le, name] = [labels.get('le') ?? '', labels.get('__name__') ?? ''].map((text) =>
    JSON.stringify(text),
  )
  notes.warnings.add(
    `PromQL warning: bucket label "le" is missing or has a malformed value of ${le} for metric name ${name}`,
  )
}

const manual = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'

/** Prometheus's info about bucket counts that had to be mended; their metric name is gone by then. */
export function noteDecrease(notes: Notes): void {
  notes.infos.add(
    `PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see ${manual}) for metric name ""`,
  )
}

const counterSuffixes = ['_total', '_sum', '_count', '_bucket']

/** Prometheus's info about a rate of what is no counter, going by its name, if it has one left. */
export function noteNonCounter(labels: Labels, notes: Notes): void {
  const name = labels.get('__name__')
  if (name === undefined || counterSuffixes.some((suffix) => name.endsWith(suffix))) return
  const suffixes = counterSuffixes.join('/')
  notes.infos.add(
    `PromQL info: metric might not be a counter, name does not end in ${suffixes}: ${JSON.stringify(name)}`,
  )
}
