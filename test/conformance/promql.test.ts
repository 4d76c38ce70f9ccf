import { isGatehouseError } from '@gatehouse/errors'
import { parse, parseSelector, printMatcher, regexError, regexMatchesEmpty } from '@gatehouse/promql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Comparison, compare, forEachConcurrently } from './promql/compare.ts'
import { accepted, refused } from './promql/corpus.ts'
import { disagreements } from './promql/disagreements.ts'
import { createGenerator, glue, mutatePieces, mutateText } from './promql/generate.ts'
import { generatePattern } from './promql/patterns.ts'
import { createRandom } from './promql/random.ts'
import { type Reference, startReference } from './promql/servers.ts'

const seed = Number(process.env['PROMQL_SEED'] ?? 20260801)
const cases = Number(process.env['PROMQL_CASES'] ?? 24_000)

/** Generated queries: each expression as it is, and about every other one damaged. */
function generateCorpus(): readonly string[] {
  const random = createRandom(seed)
  const generator = createGenerator(random)
  const queries = new Set<string>()
  for (let i = 0; queries.size < cases; i++) {
    const pieces = generator.expression()
    queries.add(glue(pieces, random))
    if (i % 4 === 0) queries.add(glue(mutatePieces(pieces, random, generator.token), random))
    if (i % 4 === 1) queries.add(mutateText(glue(pieces, random), random))
  }
  return [...queries]
}

function parses(query: string, how: (text: string) => unknown = parse): boolean {
  try {
    how(query)
    return true
  } catch (error) {
    if (isGatehouseError(error)) return false
    throw error
  }
}

let two: Reference
let three: Reference | undefined

beforeAll(async () => {
  const reference = await startReference('2')
  if (reference === undefined) throw new Error('conformance needs Prometheus 2')
  two = reference
  three = await startReference('3')
  const newer = three === undefined ? 'NO PROMETHEUS 3: its part is skipped' : `Prometheus ${three.version}`
  console.log(`PromQL conformance against Prometheus ${two.version} and ${newer}, seed ${seed}`)
})
afterAll(async () => {
  await two.stop()
  await three?.stop()
})

describe('PromQL as real servers read it', () => {
  const explained = new Map<unknown, number>()
  const remember = (result: Comparison): void => {
    for (const [row, times] of result.explained) explained.set(row, (explained.get(row) ?? 0) + times)
    console.log(Object.fromEntries(result.counts))
  }

  it('is available in both major versions', (test) => {
    if (three === undefined) test.skip('Debian serves no Prometheus 3 here: trees were not compared')
    expect(three?.version).toMatch(/^3\./)
  })

  it('agrees on the hand-written corpus', async () => {
    expect(accepted.filter((query) => !parses(query))).toEqual([])
    expect(refused.filter((query) => parses(query))).toEqual([])
    const result = await compare([...accepted, ...refused], two, three)
    remember(result)
    expect(result.failures).toEqual([])
  })

  it('agrees on 24,000 generated and damaged queries', async () => {
    const queries = generateCorpus()
    const result = await compare(queries, two, three)
    remember(result)
    expect(result.failures.slice(0, 20)).toEqual([])
    // The corpus must be worth its name: enough of it right, enough of it wrong.
    const counted = (name: string): number => result.counts.get(name) ?? 0
    expect(counted('2: same format')).toBeGreaterThan(queries.length / 4)
    expect(counted('refused by all')).toBeGreaterThan(queries.length / 4)
    if (three === undefined) return
    expect(counted('3: same tree')).toBeGreaterThan(queries.length / 3)
    // Where both refuse, the position shown is the newer server's; the rest are queries with more than one error.
    const same = counted('refused at the same position')
    expect(same / (same + counted('refused at another position'))).toBeGreaterThan(0.95)
  }, 240_000)

  it('differs only as the table says, and each row of it is needed', () => {
    const needed = disagreements.filter(({ servers }) => three !== undefined || servers.includes('2'))
    expect(needed.filter((row) => !explained.has(row)).map(({ reason }) => reason)).toEqual([])
  })

  it('agrees on which patterns are valid and which match the empty text', async () => {
    const random = createRandom(seed)
    const patterns = new Set<string>()
    while (patterns.size < 4000) patterns.add(generatePattern(random))
    const wrong: string[] = []
    for (const server of three === undefined ? [two] : [two, three]) {
      await forEachConcurrently(patterns, async (pattern) => {
        const selector = `{${printMatcher({ name: 'a', op: '=~', value: pattern })}}`
        const named = await server.format(`up${selector}`)
        const alone = await server.format(selector)
        const ours = [regexError(pattern) === undefined, regexMatchesEmpty(pattern)]
        const theirs = [named.accepted, named.accepted && !alone.accepted]
        if (String(ours) !== String(theirs)) wrong.push(`${server.version}: ${JSON.stringify(pattern)}`)
      })
    }
    expect(wrong).toEqual([])
    const valid = [...patterns].filter((pattern) => regexError(pattern) === undefined)
    expect(valid.length).toBeGreaterThan(patterns.size / 4)
  })

  it('agrees on what match[] takes', async () => {
    const random = createRandom(seed)
    const generator = createGenerator(random)
    const selectors = new Set([...accepted, ...refused].filter((query) => query.length < 1000))
    while (selectors.size < 2500) {
      const pieces = generator.selector()
      selectors.add(glue(random.chance(0.3) ? mutatePieces(pieces, random, generator.token) : pieces, random))
    }
    const wrong: string[] = []
    for (const server of three === undefined ? [two] : [two, three]) {
      await forEachConcurrently(selectors, async (query) => {
        const { accepted: takes } = await server.match(query)
        if (takes !== parses(query, parseSelector)) wrong.push(`${server.version}: ${JSON.stringify(query)}`)
      })
    }
    expect(wrong).toEqual([])
  })
})
