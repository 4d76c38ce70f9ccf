import type { Outcome } from './run.ts'

/** Relative difference that the order of a float summation may cause. */
const tolerance = 1e-9

interface Data {
  readonly resultType: string
  readonly result: unknown
}

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Sample
  readonly values?: readonly Sample[]
  readonly histogram?: Sample
  readonly histograms?: readonly Sample[]
}

type Sample = readonly [time: number, value: unknown]

/** Undefined if two outcomes are the same answer, else the first difference. `ordered`: series must come in the same order. */
export function difference(expected: Outcome, actual: Outcome, ordered: boolean): string | undefined {
  if (expected.kind === 'error' || actual.kind === 'error') return errorDifference(expected, actual)
  const [a, b] = [expected.data as Data, actual.data as Data]
  for (const kind of ['warnings', 'infos'] as const) {
    const [noted, notedHere] = [notesOf(expected[kind]), notesOf(actual[kind])]
    if (noted !== notedHere) return `${kind} ${noted}, got ${notedHere}`
  }
  if (a.resultType !== b.resultType) return `type ${a.resultType}, got ${b.resultType}`
  if (a.resultType === 'scalar' || a.resultType === 'string') {
    return sampleDifference(a.result as Sample, b.result as Sample)
  }
  return seriesDifference(a.result as readonly Series[], b.result as readonly Series[], ordered)
}

/** Warnings and infos without their positions, which are those of another text when a part was pushed down. */
function notesOf(notes: readonly string[]): string {
  return [...new Set(notes.map((note) => note.replace(/ \(\d+:\d+\)$/, '')))].toSorted().join('; ')
}

/** Texts of refusals name series in storage order, which is not reproducible: the sentence must agree. */
function errorDifference(expected: Outcome, actual: Outcome): string | undefined {
  const sentence = (outcome: Outcome) =>
    outcome.kind === 'error'
      ? outcome.error.replace(/[{[].*[}\]]/gs, '…')
      : `data ${JSON.stringify(outcome.data).slice(0, 300)}`
  const [a, b] = [sentence(expected), sentence(actual)]
  return a === b ? undefined : `${a}, got ${b}`
}

function keyOf(series: Series): string {
  return JSON.stringify(Object.entries(series.metric).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function seriesDifference(a: readonly Series[], b: readonly Series[], ordered: boolean): string | undefined {
  const sorted = (list: readonly Series[]) =>
    list
      .map((series) => ({ key: keyOf(series), text: JSON.stringify(series), series }))
      // Prometheus 2 can answer with equal labels twice.
      .toSorted((x, y) => compareTexts(x.key, y.key) || compareTexts(x.text, y.text))
  const [left, right] = ordered
    ? [a, b].map((list) => list.map((series) => ({ key: keyOf(series), series })))
    : [sorted(a), sorted(b)]
  if (left === undefined || right === undefined) return 'nothing'
  const missing = left.find(({ key }) => !right.some((other) => other.key === key))
  if (missing !== undefined) return `no series ${missing.key} (${a.length} wanted, ${b.length} got)`
  const extra = right.find(({ key }) => !left.some((other) => other.key === key))
  if (extra !== undefined) return `another series ${extra.key}: ${JSON.stringify(extra.series).slice(0, 200)}`
  if (left.length !== right.length) return `${left.length} series, got ${right.length}`
  for (const [i, { key, series }] of left.entries()) {
    const other = right[i]
    if (other === undefined || other.key !== key) return `series ${i} is ${key}, got ${other?.key}`
    const found = pointsDifference(series, other.series)
    if (found !== undefined) return `${key}: ${found}`
  }
  return undefined
}

function pointsDifference(a: Series, b: Series): string | undefined {
  const points = ({ value, values = [], histogram, histograms = [] }: Series) => [
    ...(value === undefined ? values : [value]),
    ...(histogram === undefined ? histograms : [histogram]),
  ]
  const [left, right] = [points(a), points(b)]
  if (left.length !== right.length) {
    return `${left.length} samples, got ${right.length}: ${JSON.stringify(left).slice(0, 200)} / ${JSON.stringify(right).slice(0, 200)}`
  }
  for (const [i, sample] of left.entries()) {
    const other = right[i]
    const found = other === undefined ? 'missing' : sampleDifference(sample, other)
    if (found !== undefined) return found
  }
  return undefined
}

function sampleDifference([timeA, a]: Sample, [timeB, b]: Sample): string | undefined {
  if (timeA !== timeB) return `time ${timeA}, got ${timeB}`
  if (typeof a === 'string' && typeof b === 'string') {
    return a === b || isClose(numberOf(a), numberOf(b)) ? undefined : `${a}, got ${b} at ${timeA}`
  }
  return isSameValue(a, b) ? undefined : `${JSON.stringify(a)}, got ${JSON.stringify(b)}`
}

/** Whether two parsed histograms have the same members and buckets, their numbers up to rounding. */
function isSameValue(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b || isClose(numberOf(a), numberOf(b))
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return left.size === right.size && [...left].every(([key, value]) => isSameValue(value, right.get(key)))
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'))
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b))
}
