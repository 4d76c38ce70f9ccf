import { type Expr, typeOf } from '@gatehouse/promql'
import { rangeOf } from '../evaluate/grid.ts'
import { type Grid, timeAt } from '../evaluate/model.ts'
import { enforce } from '../enforce.ts'
import type { TimeRange } from '../model.ts'
import { maxPointsPerSeries } from '../parameters.ts'
import { printEnforced } from '../upstream-request.ts'
import { BeyondShards } from './beyond.ts'
import type { Locality } from './locality.ts'
import type { LeafNode, LeafRequest, Overlap } from './model.ts'
import type { Units } from './units.ts'

/** Most requests one query may cause; a sub-query over months at a fine step would need more. */
export const maxRequests = 256

/** Makes leaves and collects their requests, each once. */
export interface LeafMaker {
  readonly requests: readonly LeafRequest[]
  /** A leaf for an expression that its units can compute on their own. */
  make(expr: Expr, grid: Grid, overlap?: Overlap): LeafNode
  /** A leaf for raw samples: a range vector as an instant query at one time. */
  makeInstant(expr: Expr, time: number): LeafNode
}

/** A {@link LeafMaker} over the given units. */
export function createLeafMaker(units: Units, locate: (expr: Expr) => Locality): LeafMaker {
  const { requests, add } = createRequests()

  function make(expr: Expr, grid: Grid, overlap?: Overlap): LeafNode {
    const where = locate(expr)
    const ranges = stretches(grid)
    const byUnit = [...where.units].map((index) => {
      const unit = units.list[index]
      if (unit === undefined) return []
      const enforced = enforce(expr, where.units.size === 1 ? unit.conjunction : unit.narrowed)
      const text = printEnforced(enforced)
      return ranges.map((range) => add({ shard: unit.shard.name, expr: enforced, text, range }, expr))
    })
    return {
      kind: 'leaf',
      type: typeOf(expr),
      requests: byUnit,
      overlap: overlap ?? overlapOf(where),
      grid,
      expr,
    }
  }

  return {
    requests,
    make,
    makeInstant: (expr, time) => make(expr, { start: time, step: 0, count: 1 }),
  }
}

/** The requests of a plan; the same one again gets the same id. */
function createRequests() {
  const requests: LeafRequest[] = []
  const ids = new Map<string, number>()
  // A refusal names the expression as the caller wrote it: constraints are not for everyone to see.
  const add = (request: Omit<LeafRequest, 'id'>, written: Expr): number => {
    const { shard, text, range } = request
    const key = `${range.start} ${range.end} ${range.step} ${shard.length} ${shard} ${text}`
    const known = ids.get(key)
    if (known !== undefined) return known
    const id = requests.length
    if (id >= maxRequests) {
      throw new BeyondShards(written, `it would take more than ${maxRequests} requests`)
    }
    requests.push({ id, ...request })
    ids.set(key, id)
    return id
  }
  return { requests, add }
}

function overlapOf({ units, keeps, strict }: Locality): Overlap {
  if (units.size <= 1 || keeps) return 'never'
  return strict ? 'refuse' : 'join'
}

/** A grid as query ranges that a server accepts. */
function stretches(grid: Grid): TimeRange[] {
  const ranges: TimeRange[] = []
  for (let from = 0; from < grid.count; from += maxPointsPerSeries) {
    const count = Math.min(maxPointsPerSeries, grid.count - from)
    const stretch = rangeOf({ start: timeAt(grid, from), step: grid.step, count })
    // One point is an instant query, whatever the step.
    ranges.push(count === 1 ? { ...stretch, step: 0 } : stretch)
  }
  return ranges
}
