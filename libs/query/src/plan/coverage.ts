import { type Call, type Expr, metricNameLabel, selectors, typeOf, walk } from '@gatehouse/promql'
import { type Grid, timeAt } from '../evaluate/model.ts'
import { keepsName } from '../evaluate/range/functions.ts'
import type { Moment, Shard } from '../model.ts'
import { type Reach, reachesOf } from './reach.ts'

/** The part of a grid that one shard evaluates. */
export interface Stretch {
  readonly shard: Shard
  readonly grid: Grid
}

/** A piece of time of which one shard has all samples: after `start`, up to `end`. */
export interface Piece {
  readonly shard: Shard
  readonly start: number
  readonly end: number
}

/** Tells which of several shards that hold different times of the same series have what is to be read. */
export interface Coverage {
  /** The grid in stretches, oldest first; undefined if some time needs samples that no shard has all of. */
  stretches(expr: Expr, grid: Grid, shards: readonly Shard[]): readonly Stretch[] | undefined
  /** The time from `start` to `end` in pieces, oldest first; undefined if there is a gap. */
  pieces(range: { start: number; end: number }, shards: readonly Shard[]): readonly Piece[] | undefined
}

interface Held {
  readonly shard: Shard
  readonly from: number
  readonly until: number
}

/** A {@link Coverage} as of `now`, ms since the epoch, with the lookback of the query. */
export function createCoverage({ now, lookbackMs }: { now: number; lookbackMs: number }): Coverage {
  const resolve = (moment: Moment | undefined, fallback: number): number =>
    moment === undefined ? fallback : 'at' in moment ? moment.at : now - moment.age
  /** Newest first: what is recent is asked for most, and by those who wait. */
  const held = (shards: readonly Shard[]): readonly Held[] =>
    shards
      .map((shard) => ({
        shard,
        from: resolve(shard.slice.samples?.from, -Infinity),
        until: resolve(shard.slice.samples?.until, Infinity),
      }))
      .toSorted((a, b) => compare(b.from, a.from) || compare(b.until, a.until))

  return {
    stretches(expr, grid, shards) {
      const [only] = shards
      if (only !== undefined && shards.length === 1 && only.slice.samples === undefined)
        return [{ shard: only, grid }]
      const reaches = reachesOf(expr, lookbackMs)
      const found: Stretch[] = []
      let last = grid.count - 1
      for (const one of held(shards)) {
        if (last < 0) break
        const fits = fitting(one, reaches, grid)
        if (fits.first > last || fits.last < last) continue
        found.unshift({ shard: one.shard, grid: part(grid, fits.first, last) })
        last = fits.first - 1
      }
      return last < 0 ? found : undefined
    },
    pieces({ start, end }, shards) {
      const found: Piece[] = []
      let until = end
      for (const one of held(shards)) {
        if (one.until < until || one.from >= until) continue
        const from = Math.max(start, one.from)
        found.unshift({ shard: one.shard, start: from, end: until })
        until = from
        if (until <= start) return found
      }
      return undefined
    },
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The first and last index of a grid at which a shard has all that is read. Later times read later samples, so there are no gaps. */
function fitting(
  { from, until }: Held,
  reaches: readonly Reach[],
  grid: Grid,
): { first: number; last: number } {
  let [first, last] = [0, grid.count - 1]
  for (const { at, first: oldest, last: newest } of reaches) {
    if (at !== undefined) {
      if (at + oldest < from || at + newest > until) last = -1
    } else if (grid.step <= 0) {
      if (grid.start + oldest < from || grid.start + newest > until) last = -1
    } else {
      first = Math.max(first, Math.ceil((from - oldest - grid.start) / grid.step))
      last = Math.min(last, Math.floor((until - newest - grid.start) / grid.step))
    }
  }
  return { first, last }
}

function part(grid: Grid, first: number, last: number): Grid {
  return { start: timeAt(grid, first), step: grid.step, count: last - first + 1 }
}

/**
 * Whether a server evaluating an expression over a whole range can refuse it for equal labels that never meet at one time: where label
 * functions, or the loss of different metric names, make series equal. Evaluated in stretches, that would go unnoticed.
 */
export function mayCoincide(expr: Expr): boolean {
  let found = false
  walk(expr, (node) => {
    if (node.kind === 'Call' && (node.func === 'label_replace' || node.func === 'label_join')) found = true
    const drops = (node.kind === 'UnaryExpr' && node.op === '-') || (node.kind === 'Call' && dropsNames(node))
    if (drops && !selectors(node).every(isNamed)) found = true
  })
  return found
}

function dropsNames({ func, args }: Call): boolean {
  return !keepsName.has(func) && args.some((arg) => typeOf(arg) === 'matrix')
}

function isNamed({
  name,
  matchers,
}: {
  name: string | undefined
  matchers: readonly { name: string; op: string }[]
}): boolean {
  return name !== undefined || matchers.some((one) => one.name === metricNameLabel && one.op === '=')
}
