import type { Prometheus } from '@gatehouse/local'
import type { Conjunction, TimeRange } from '@gatehouse/query'
import { enforce } from '@gatehouse/query'
import { parse, print } from '@gatehouse/promql'
import type { Cluster } from './cluster.ts'
import { difference } from './compare.ts'
import { corpusOf, type Entry } from './corpus/index.ts'
import { dataStart, tenants } from './data.ts'
import type { MapName } from './maps.ts'
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
  const whole = [{ name: 'whole', server: reference, slice: { tenants } }]
  const over = (map: MapName) => ({ shards: cluster.shardsOf(map), engine: cluster.engineOf(map) })
  const one = { shards: whole, engine: undefined }
  const simple = (title: string, { shards, engine }: Pick<Setup, 'shards' | 'engine'>): Scenario => ({
    title,
    reference,
    setup: { version, alternatives: [allTenants], shards, engine },
  })
  const granted = (title: string, { shards, engine }: Pick<Setup, 'shards' | 'engine'>): Scenario => ({
    title: `${title}, 3 grants`,
    reference: allowed,
    setup: { version, alternatives, shards, engine },
  })
  return [
    simple('1 shard', one),
    simple('2 shards', over('two')),
    simple('3 shards', over('three')),
    simple('2 shards by label', over('by label')),
    simple('2 shards by metric name', over('by metric name')),
    simple('2 shards by time', over('by time')),
    simple('3 shards by tenant and time', over('by tenant and time')),
    simple('3 shards by label and time', over('by label and time')),
    granted('1 shard', one),
    granted('3 shards', over('three')),
    granted('2 shards by label', over('by label')),
    granted('2 shards by time', over('by time')),
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
