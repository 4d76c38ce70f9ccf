import { ensureTools, type PrometheusVersion, toolPath } from '@gatehouse/local'
import {
  aggregationSpec,
  aggregations,
  compareVersions,
  functionSpec,
  functions,
  parse,
  walk,
} from '@gatehouse/promql'
import { beforeAll, describe, expect, it } from 'vitest'
import { corpus, corpusOf } from './shards/corpus/index.ts'
import { type ScenarioReport, shareWithoutEngine, totalsOf } from './shards/report.ts'
import { runCorpus } from './shards/run-corpus.ts'

const versionNumbers: Readonly<Record<PrometheusVersion, string>> = { '2': '2.53', '3': '3.5' }

const operators = '+ - * / % ^ atan2 == != < > <= >= and or unless'.split(' ')

/** Functions and aggregations that the corpus uses. */
function used(version: PrometheusVersion): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { query } of corpusOf(version)) {
    walk(parse(query), (node) => {
      if (node.kind === 'Call') names.add(node.func)
      if (node.kind === 'AggregateExpr') names.add(node.op)
      if (node.kind === 'BinaryExpr') names.add(node.op)
    })
  }
  return names
}

describe('the corpus', () => {
  it('has at least 600 expressions', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(600)
  })

  it.each(['2', '3'] as const)('has every function, aggregation and operator of Prometheus %s', (version) => {
    const number = versionNumbers[version]
    const has = ({ since = '0', removed = '99' }: { since?: string; removed?: string }) =>
      compareVersions(since, number) <= 0 && compareVersions(removed, number) > 0
    const known = Object.keys(functions).filter((name) => {
      const spec = functionSpec(name)
      return spec !== undefined && spec.refused === undefined && has(spec)
    })
    const aggregators = Object.keys(aggregations).filter((name) => has(aggregationSpec(name) ?? {}))
    const wanted = [...known, ...aggregators, ...operators]
    const names = used(version)
    expect(wanted.filter((name) => !names.has(name))).toEqual([])
  })
})

beforeAll(() => ensureTools(['prometheus-2', 'prometheus-3']))

// Prometheus 3 may be absent where it cannot be had.
const present = (['2', '3'] as const).filter(
  (version) => toolPath(`prometheus-${version}/prometheus`) !== undefined,
)

/** What every test run measures; `npm run exactness` measures all data sources over both versions. */
const measured: Readonly<Record<PrometheusVersion, ReadonlySet<string>>> = {
  '2': new Set(['1 shard', '3 shards', '2 shards by time', '3 shards, 3 grants']),
  '3': new Set([
    '3 shards',
    '2 shards by label',
    '2 shards by metric name',
    '2 shards by time',
    '3 shards by label and time',
    '3 shards, 3 grants',
    '2 shards by label, 3 grants',
  ]),
}

describe.each(present)('answers over shards of Prometheus %s', (version) => {
  let reports: readonly ScenarioReport[]

  beforeAll(async () => {
    reports = await runCorpus(version, (title) => measured[version].has(title))
    expect(reports).toHaveLength(measured[version].size)
  }, 1_800_000)

  it('are those of one Prometheus with all the data', () => {
    const different = reports.flatMap(({ title, measurements }) =>
      measurements.flatMap(({ entry, kind, by, difference }) =>
        difference === undefined ? [] : [`${title}, ${kind}, ${by}: ${entry.query}\n${difference}`],
      ),
    )
    expect(different).toEqual([])
  })

  it('are never refused when there is a global engine', () => {
    const refused = reports.flatMap(({ measurements }) => measurements.filter(({ by }) => by === 'refused'))
    expect(refused.map(({ entry }) => entry.query)).toEqual([])
  })

  it('need the global engine for less than a tenth', () => {
    for (const { measurements } of reports)
      expect(shareWithoutEngine(totalsOf(measurements))).toBeGreaterThan(0.9)
  })
})
