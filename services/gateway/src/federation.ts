import { compareBytes } from '@gatehouse/query'
import type { LabelValues } from '@gatehouse/upstream'
import type { Exposition } from './exposition.ts'
import { unusableAnswer } from './upstream-envelope.ts'

interface Family {
  readonly type: string
  readonly lines: string[]
}

const typeLine = /^# TYPE ("(?:\\.|[^"\\])*"|\S+) (\S+)$/
const sample = /^(.+ [-+]?(?:[0-9][0-9.eE+-]*|Inf|NaN)) (-?\d+)$/

/** The exposition of a shard. */
export interface Exposed {
  readonly body: Buffer
  /** Labels that say which replica exposed it. */
  readonly dropped: LabelValues | undefined
}

const label = /(?:([a-zA-Z_]\w*|"(?:\\.|[^"\\])*")=)?("(?:\\.|[^"\\])*"),?/y

/** A line without the labels of `dropped` that have one of the values there. */
function withoutLabels(line: string, dropped: LabelValues): string {
  const open = line.indexOf('{')
  if (open === -1) return line
  const kept: string[] = []
  label.lastIndex = open + 1
  let end = open + 1
  for (let found = label.exec(line); found !== null; found = label.exec(line)) {
    end = label.lastIndex
    const [, name, value = ''] = found
    // A name by itself is that of the metric.
    const isDropped =
      name !== undefined && dropped.get(unquoted(name))?.has(JSON.parse(value) as string) === true
    if (!isDropped) kept.push(name === undefined ? value : `${name}=${value}`)
  }
  if (line[end] !== '}') throw unusableAnswer('labels that cannot be read')
  const labels = kept.length === 0 ? '' : `{${kept.join(',')}}`
  return `${line.slice(0, open)}${labels}${line.slice(end + 1)}`
}

function unquoted(name: string): string {
  return name.startsWith('"') ? (JSON.parse(name) as string) : name
}

/** Reads the text format into families. @throws GatehouseError `bad_gateway` */
function readFamilies({ body, dropped }: Exposed, families: Map<string, Family>): void {
  let current: Family | undefined
  const text = body.toString('utf8')
  if (text !== '' && !text.endsWith('\n')) throw unusableAnswer('the exposition broke off')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, name, type] = typeLine.exec(line) ?? []
    if (name !== undefined && type !== undefined) {
      current = families.get(name) ?? { type, lines: [] }
      families.set(name, current)
    } else if (!line.startsWith('#')) {
      if (current === undefined) throw unusableAnswer('a sample without a type')
      current.lines.push(dropped === undefined || dropped.size === 0 ? line : withoutLabels(line, dropped))
    }
  }
}

/** A line with its time in seconds, as OpenMetrics has it, instead of ms. */
function openMetricsLine(line: string): string {
  const [, head, ms] = sample.exec(line) ?? []
  return head === undefined || ms === undefined ? line : `${head} ${(Number(ms) / 1000).toFixed(3)}`
}

function* render(families: ReadonlyMap<string, Family>, { format }: Exposition): Generator<string, void> {
  const isOpen = format === 'openmetrics'
  for (const [name, { type, lines }] of [...families].toSorted(([a], [b]) => compareBytes(a, b))) {
    yield `# TYPE ${name} ${isOpen && type === 'untyped' ? 'unknown' : type}\n`
    for (const line of lines) yield `${isOpen ? openMetricsLine(line) : line}\n`
  }
  if (isOpen) yield '# EOF\n'
}

/**
 * Unites expositions of shards: each family once, in the order of names, with the samples of all. Whichever replica of a shard exposed
 * them, the series are the same. @throws GatehouseError `bad_gateway`
 */
export function federate(exposed: readonly Exposed[], exposition: Exposition): Iterable<string> {
  const families = new Map<string, Family>()
  for (const one of exposed) readFamilies(one, families)
  return render(families, exposition)
}
