import { describeTree, type Expr, parse, print, printPretty } from '@gatehouse/promql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accepted } from './promql/corpus.ts'
import { createGenerator, glue } from './promql/generate.ts'
import { createRandom } from './promql/random.ts'
import { type Reference, startReference } from './promql/servers.ts'

let three: Reference | undefined
beforeAll(async () => {
  three = await startReference('3')
})
afterAll(() => three?.stop())

function generated(count: number): readonly string[] {
  const random = createRandom(20_261_122)
  const generator = createGenerator(random)
  return Array.from({ length: count }, () => glue(generator.expression(), random))
}

/** Long expressions of every kind, which are laid out over lines. */
const long =
  'a_metric_name_that_is_long_enough_to_need_a_line_of_its_own{and_a_label="with a value as long as that"}'
const laidOut = [
  `sum by (job, instance) (rate(${long}[5m] offset 1m)) / on (job) group_left (x) sum by (job) (${long})`,
  `topk(3, sum without (x) (${long}))`,
  `label_replace(${long}, "a", "$1", "b", "(.*)")`,
  `-(${long} + ${long})`,
  `max_over_time((${long} > bool ${long})[1h:5m] @ start() offset 2h)`,
  `sum(max_over_time(rate(${long}[5m])[1h:]))`,
  `quantile_over_time(0.5, up[1h:]) + ${long}`,
  `histogram_quantile(0.95, sum by (le) (rate(${long}[5m])))`,
]

/** Queries whose text or tree says the same in another way: where a name or a matcher of it was written. */
function normal(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(normal)
  if (typeof tree !== 'object' || tree === null) return tree
  const entries = Object.entries(tree).map(([key, value]) => [key, normal(value)] as const)
  const node = Object.fromEntries(entries)
  if (!Array.isArray(node['matchers'])) return node
  const matchers = node['matchers'].map((one: unknown) =>
    JSON.stringify(Object.entries(one as object).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  )
  return { ...node, name: undefined, matchers: matchers.toSorted() }
}

let compared = 0

/** What we refuse and a server accepts is the concern of the conformance test of the parser. */
function parsed(query: string): Expr | undefined {
  try {
    return parse(query)
  } catch {
    return undefined
  }
}

async function differences(queries: readonly string[], plain: boolean): Promise<readonly unknown[]> {
  if (three === undefined) return []
  const found: unknown[] = []
  for (const query of queries) {
    const [tree, text] = await Promise.all([three.tree(query), three.format(query)])
    if (!tree.accepted || !text.accepted) continue
    const expr = parsed(query)
    if (expr === undefined) continue
    compared += 1
    const ours = JSON.parse(JSON.stringify(describeTree(expr))) as unknown
    const [left, right] = plain ? [ours, tree.data] : [normal(ours), normal(tree.data)]
    if (JSON.stringify(sorted(left)) !== JSON.stringify(sorted(right))) found.push([query, ours, tree.data])
    if (plain && printPretty(expr) !== text.data) found.push([query, printPretty(expr), text.data])
  }
  return found
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([k, v]) => [k, sorted(v)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

describe('format_query and parse_query as Prometheus 3 answers them', () => {
  it('lays out long expressions alike', async (test) => {
    if (three === undefined) test.skip('no Prometheus 3 here')
    for (const query of laidOut) expect(print(parse(query)).length).toBeGreaterThan(100)
    expect(await differences(laidOut, true)).toEqual([])
  })

  it('has the same tree for every query of the corpus and 1,000 generated ones', async (test) => {
    if (three === undefined) test.skip('no Prometheus 3 here')
    const found = await differences([...accepted, ...generated(1_000)], false)
    expect(found.slice(0, 5)).toEqual([])
    expect(compared).toBeGreaterThan(1_000)
  })
})
