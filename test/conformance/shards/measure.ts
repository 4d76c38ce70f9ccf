import type { Prometheus } from '@gatehouse/local'
import type { Conjunction, TimeRange } from '@gatehouse/query'
import { enforce } from '@gatehouse/query'
import { parse, print } from '@gatehouse/promql'
import type { Cluster } from './cluster.ts'
import { topologies } from './cluster.ts'
import { difference } from './compare.ts'
import { corpusOf, type Entry } from './corpus/index.ts'
import { dataStart, tenants } from './data.ts'
import { type AnsweredBy, answer, askOnce, type Outcome, type Setup } from './run.ts'

/** The times of the corpus: an instant query, and a range whose step and ends divide nothing. */
export const instant: TimeRange = { start: dataStart + 63 * 60_000, end: dataStart + 63 * 60_000, step: 0 }
export const range: TimeRange = {
  start: dataStart + 21 * 60_000,
  end: dataStart + 78 * 60_000,
  step: 157_000,
}

const allTenants: Conjunction = [{ name: 'tenant', op: '=~', value: tenants.join('|') }]
const and = (name: string, value: string): Conjunction => [...allTenants, { name, op: '=', value }]

/** Constraints on three different labels, which overlap. */
const alternatives: readonly Conjunction[] = [and('team', 'team-x'), and('env', 'prod'), and('job', 'api')]

/** A data source and the server that has the same data in one place. */
export interface Scenario {
  readonly title: string
  readonly setup: Setup
  readonly reference: Prometheus
}

/** The data sources that the corpus runs over. */
export function scenarios(cluster: Cluster): readonly Scenario[] {
  const { version, reference, allowed } = cluster
  const shardsOf = (names: readonly string[]) =>
    names.flatMap((name) => {
      const server = cluster.shards.get(name)
      return server === undefined ? [] : [{ name, server }]
    })
  const whole = [{ name: tenants.join(''), server: reference }]
  const [two, three] = [topologies[2], topologies[3]]
  const engine = (names: readonly string[]) => cluster.engines.get(names.join())
  const simple = { version, alternatives: [allTenants] }
  const constrained = { version, alternatives }
  return [
    { title: '1 shard', reference, setup: { ...simple, shards: whole, engine: undefined } },
    { title: '2 shards', reference, setup: { ...simple, shards: shardsOf(two), engine: engine(two) } },
    { title: '3 shards', reference, setup: { ...simple, shards: shardsOf(three), engine: engine(three) } },
    {
      title: '1 shard, 3 grants',
      reference: allowed,
      setup: { ...constrained, shards: whole, engine: undefined },
    },
    {
      title: '3 shards, 3 grants',
      reference: allowed,
      setup: { ...constrained, shards: shardsOf(three), engine: engine(three) },
    },
  ]
}

/** One expression answered once. */
export interface Measurement {
  readonly entry: Entry
  readonly kind: 'instant' | 'range'
  readonly by: AnsweredBy
  /** Undefined when the answer is the reference's. */
  readonly difference: string | undefined
}

/** Runs the corpus over a scenario. */
export async function measure(scenario: Scenario): Promise<readonly Measurement[]> {
  const jobs = corpusOf(scenario.setup.version).flatMap((entry) => [
    { entry, kind: 'instant' as const },
    ...(entry.instantOnly === true ? [] : [{ entry, kind: 'range' as const }]),
  ])
  const results: Measurement[] = []
  const work = jobs.entries()
  const worker = async () => {
    for (const [i, { entry, kind }] of work) results[i] = await measureEntry(scenario, entry, kind)
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return results
}

/** Answers one expression and compares it with the reference. */
export async function measureEntry(
  scenario: Scenario,
  entry: Entry,
  kind: 'instant' | 'range',
): Promise<Measurement> {
  const times = kind === 'instant' ? instant : range
  const expected = await expectedOutcome(scenario.reference, entry.query, times)
  const { by, outcome } = await answer(scenario.setup, entry.query, times)
  const isOrdered = entry.ordered === true && kind === 'instant'
  return {
    entry,
    kind,
    by,
    difference: by === 'refused' ? undefined : difference(expected, outcome, isOrdered),
  }
}

/** The reference has the very series that the constraints admit, and is asked with what all of them share. */
function expectedOutcome(reference: Prometheus, query: string, times: TimeRange): Promise<Outcome> {
  return askOnce(reference, print(enforce(parse(query), allTenants)), times)
}
