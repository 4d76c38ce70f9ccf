import { isDeepStrictEqual } from 'node:util'
import { type Expr, mapSelectors, parse, print, unsupportedFeature } from '@gatehouse/promql'
import { isGatehouseError } from '@gatehouse/errors'
import { type Disagreement, disagreements } from './disagreements.ts'
import type { Reference, Verdict } from './servers.ts'
import { serverTree, treeOf } from './tree.ts'

/** What comparing a corpus with the servers gave. */
export interface Comparison {
  /** Sentences about what must not be; empty when we conform. */
  readonly failures: string[]
  /** How often each row of the table explained a disagreement. */
  readonly explained: Map<Disagreement, number>
  /** How many queries fell into each class. */
  readonly counts: Map<string, number>
}

type Ours = { readonly expr: Expr; readonly text: string } | { readonly error: string }

function ourVerdict(query: string): Ours {
  try {
    const expr = parse(query)
    return { expr, text: print(expr) }
  } catch (error) {
    if (isGatehouseError(error) && error.code === 'bad_data') return { error: error.message }
    throw new Error(`parser failed on ${JSON.stringify(query)}`, { cause: error })
  }
}

/**
 * An expression as we print it, but with the metric names that the query has in quotes as matchers: 2 formats `{"up"}` as
 * `{__name__="up"}`, while we print `up`.
 */
function printWithNameMatchers(expr: Expr, query: string): string {
  const renamed = mapSelectors(expr, (selector) => {
    const { name, matchers, position } = selector
    if (name === undefined || query[position.start] !== '{') return selector
    return {
      ...selector,
      name: undefined,
      matchers: [{ name: '__name__', op: '=', value: name }, ...matchers],
    }
  })
  return print(renamed)
}

/** Calls `work` for each item, 24 at a time. */
export async function forEachConcurrently<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: 24 }, worker))
}

function position(message: string): string | undefined {
  return /(?:^| )(\S+:\S+|unknown position): parse error/.exec(message)?.[1]
}

/** Asks the servers about each query and compares; `three` may be absent. */
export async function compare(
  queries: readonly string[],
  two: Reference,
  three: Reference | undefined,
): Promise<Comparison> {
  const failures: string[] = []
  const explained = new Map<Disagreement, number>()
  const counts = new Map<string, number>()
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const fail = (what: string, ...details: unknown[]): void =>
    void failures.push(`${what}: ${details.map((detail) => JSON.stringify(detail)).join(' ')}`)

  function explain(refusedBy: 'us' | 'server', server: '2' | '3', query: string, message: string): void {
    const found = disagreements.find(
      (row) =>
        row.refusedBy === refusedBy &&
        row.servers.includes(server) &&
        row.message.test(message) &&
        (row.query?.test(query) ?? true),
    )
    if (found === undefined)
      fail(`only ${refusedBy === 'us' ? 'we' : `Prometheus ${server}`} refuse(s)`, query, message)
    else explained.set(found, (explained.get(found) ?? 0) + 1)
  }

  function comparePosition(ours: string, verdict: Verdict): void {
    if (verdict.accepted) return
    count(
      position(ours) === position(verdict.error)
        ? 'refused at the same position'
        : 'refused at another position',
    )
  }

  /** What we accept, the server must read as the same tree, and so what we print. */
  async function compareTrees(query: string, { expr, text }: { expr: Expr; text: string }): Promise<void> {
    if (three === undefined) return
    const verdict = await three.tree(query)
    const missing = unsupportedFeature(expr, three.version)
    if (!verdict.accepted) {
      if (missing !== undefined) count('3: newer or removed feature')
      else explain('server', '3', query, verdict.error)
      return
    }
    if (missing !== undefined) fail('3 accepts what it should lack', query, missing.feature)
    const tree = treeOf(expr)
    if (!isDeepStrictEqual(serverTree(verdict.data as object), tree))
      fail('3 reads another tree', query, verdict.data)
    const printed = await three.tree(text)
    if (!printed.accepted) fail('3 refuses what we print', query, text, printed.error)
    else if (!isDeepStrictEqual(serverTree(printed.data as object), tree))
      fail('3 reads our print otherwise', query, text)
    else count('3: same tree')
  }

  async function compareFormats(query: string, { expr, text }: { expr: Expr; text: string }): Promise<void> {
    const [verdict, printed] = await Promise.all([two.format(query), two.format(text)])
    const missing = unsupportedFeature(expr, two.version)
    if (verdict.accepted) {
      if (!printed.accepted) return fail('2 refuses what we print', query, text, printed.error)
      if (printed.data === verdict.data) return count('2: same format')
      const again = await two.format(printWithNameMatchers(expr, query))
      if (!again.accepted || again.data !== verdict.data) {
        return fail('2 formats our print otherwise', query, text)
      }
      return count('2: quoted name printed bare')
    }
    if (missing !== undefined) return count('2: newer feature')
    if (printed.accepted) return count('2: newer spelling, printed in the older')
    fail('only Prometheus 2 refuses', query, text, verdict.error)
  }

  async function compareOne(query: string): Promise<void> {
    const ours = ourVerdict(query)
    if ('error' in ours) {
      const [second, third] = await Promise.all([two.format(query), three?.tree(query)])
      if (second.accepted) explain('us', '2', query, ours.error)
      if (third?.accepted === true) explain('us', '3', query, ours.error)
      if (!second.accepted && third?.accepted !== true) count('refused by all')
      if (third !== undefined) comparePosition(ours.error, third)
      return
    }
    if (
      print(parse(ours.text)) !== ours.text ||
      !isDeepStrictEqual(treeOf(parse(ours.text)), treeOf(ours.expr))
    ) {
      fail('round trip', query, ours.text)
    }
    await compareTrees(query, ours)
    await compareFormats(query, ours)
  }

  await forEachConcurrently(queries, compareOne)
  return { failures, explained, counts }
}
