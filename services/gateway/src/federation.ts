import { compareBytes } from '@gatehouse/query'
import type { Answer } from './answer.ts'
import { type Exposition, expositionType } from './exposition.ts'
import { unusableAnswer } from './upstream-envelope.ts'

interface Family {
  readonly type: string
  readonly lines: string[]
}

const typeLine = /^# TYPE ("(?:\\.|[^"\\])*"|\S+) (\S+)$/
const sample = /^(.+ [-+]?(?:[0-9][0-9.eE+-]*|Inf|NaN)) (-?\d+)$/

/** Reads the text format into families. @throws GatehouseError `bad_gateway` */
function readFamilies(body: Buffer, families: Map<string, Family>): void {
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
      current.lines.push(line)
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

/** Unites expositions of shards: each family once, in the order of names, with the samples of all. @throws GatehouseError `bad_gateway` */
export function federate(bodies: readonly Buffer[], exposition: Exposition): Answer {
  const families = new Map<string, Family>()
  for (const body of bodies) readFamilies(body, families)
  const headers = { 'content-type': expositionType(exposition) }
  return {
    kind: 'body',
    rendered: { status: 200, headers, body: [...render(families, exposition)].join('') },
  }
}
