import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { corpus } from './corpus/index.ts'
import type { Measurement } from './measure.ts'

/** What one data source came to over the corpus. */
export interface ScenarioReport {
  /** Full version of the servers, for example `2.53.3`. */
  readonly version: string
  readonly title: string
  readonly measurements: readonly Measurement[]
}

export interface Totals {
  readonly answers: number
  readonly passed: number
  readonly evaluated: number
  readonly engine: number
  readonly refused: number
  readonly different: number
}

export function totalsOf(measurements: readonly Measurement[]): Totals {
  const count = (by: Measurement['by']) => measurements.filter((one) => one.by === by).length
  return {
    answers: measurements.length,
    passed: count('passed through'),
    evaluated: count('evaluated here'),
    engine: count('engine'),
    refused: count('refused'),
    different: measurements.filter((one) => one.difference !== undefined).length,
  }
}

/** Share of the answers that needed no global engine. */
export function shareWithoutEngine({ answers, passed, evaluated }: Totals): number {
  return (passed + evaluated) / answers
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

function totalCells(totals: Totals): (string | number)[] {
  const { answers, passed, evaluated, engine, refused, different } = totals
  const equal = answers - refused - different
  const share = `${(shareWithoutEngine(totals) * 100).toFixed(1)} %`
  return [answers, passed, evaluated, engine, refused, equal, different, share]
}

const columns = [
  'answers',
  'passed through',
  'evaluated here',
  'engine',
  'refused',
  'equal',
  'different',
  'without engine',
]

function scenarioTable(reports: readonly ScenarioReport[]): string {
  return table(
    ['Prometheus, data source', ...columns],
    reports.map(({ version, title, measurements }) => [
      `${version}, ${title}`,
      ...totalCells(totalsOf(measurements)),
    ]),
  )
}

function familyTable(reports: readonly ScenarioReport[]): string {
  const all = reports.flatMap((report) => report.measurements)
  const families = [...new Set(all.map(({ entry }) => entry.family))]
  return table(
    ['family', ...columns],
    families.map((family) => [
      family,
      ...totalCells(totalsOf(all.filter(({ entry }) => entry.family === family))),
    ]),
  )
}

function engineList(reports: readonly ScenarioReport[]): string {
  const beyond = reports
    .flatMap((report) => report.measurements)
    .filter(({ by }) => by === 'engine' || by === 'refused')
  return [...new Set(beyond.map(({ entry }) => entry.query))].map((query) => `- \`${query}\``).join('\n')
}

/** The document of what is exact, its tables measured. */
export function exactnessDocument(reports: readonly ScenarioReport[]): string {
  const template = readFileSync(join(import.meta.dirname, 'exactness.template.md'), 'utf8')
  return template
    .replace('{{expressions}}', String(corpus.length))
    .replace('{{scenarios}}', scenarioTable(reports))
    .replace('{{families}}', familyTable(reports.filter(({ title }) => title !== '1 shard')))
    .replace('{{engine}}', engineList(reports))
}
