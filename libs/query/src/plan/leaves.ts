import { type Expr, type MatrixSelector, typeOf } from '@gatehouse/promql'
import { rangeOf } from '../evaluate/grid.ts'
import { type Grid, timeAt } from '../evaluate/model.ts'
import { enforce } from '../enforce.ts'
import type { Conjunction, TimeRange } from '../model.ts'
import { maxPointsPerSeries } from '../parameters.ts'
import { printEnforced } from '../upstream-request.ts'
import { BeyondShards } from './beyond.ts'
import { type Coverage, mayCoincide, type Stretch } from './coverage.ts'
import type { Locality } from './locality.ts'
import type { LeafNode, LeafRequest, Overlap } from './model.ts'
import type { Unit, Units } from './units.ts'

/** Most requests one query may cause; a sub-query over months at a fine step would need more. */
export const maxRequests = 256

/** Makes leaves and collects their requests, each once. */
export interface LeafMaker {
  readonly requests: readonly LeafRequest[]
  /** Whether shards have all samples that an expression reads at every time of a grid. */
  canMake(expr: Expr, grid: Grid): boolean
  /** A leaf for an expression that its units can compute on their own. @throws BeyondShards if {@link canMake} is false. */
  make(expr: Expr, grid: Grid, overlap?: Overlap): LeafNode
  /** A leaf for the raw samples of a range selector from `start` to `end`, as instant queries. @throws BeyondShards */
  makeRaw(expr: MatrixSelector, range: { readonly start: number; readonly end: number }): LeafNode
}

interface LeafScope {
  readonly units: Units
  readonly locate: (expr: Expr) => Locality
  readonly coverage: Coverage
}

/** A {@link LeafMaker} over the given units. */
export function createLeafMaker(scope: LeafScope): LeafMaker {
  const { locate } = scope
  const { requests, add } = createRequests()

  const make: LeafMaker['make'] = (expr, grid, overlap) => {
    const stretches = stretchesFor(expr, grid, scope)
    if (stretches === undefined) throw beyondTimes(expr)
    const byUnit = unitsFor(expr, scope).map((unit, i) => {
      const enforced = enforce(expr, constraintOf(expr, unit, scope))
      const text = printEnforced(enforced)
      return (stretches[i] ?? []).flatMap(({ shard, grid: part }) =>
        rangesOf(part).map((range) => add({ shard: shard.name, expr: enforced, text, range }, expr)),
      )
    })
    return leafOf(expr, grid, { requests: byUnit, overlap: overlap ?? overlapOf(locate(expr)) })
  }

  const makeRaw: LeafMaker['makeRaw'] = (expr, { start, end }) => {
    const { offsetMs } = expr.vector
    const byUnit = unitsFor(expr, scope).map((unit) => {
      const pieces = scope.coverage.pieces({ start, end }, unit.shards)
      if (pieces === undefined) throw beyondTimes(expr)
      return pieces.map((piece) => {
        const vector = { ...expr.vector, at: undefined }
        const whole: Expr = { ...expr, vector, rangeMs: piece.end - piece.start }
        const enforced = enforce(whole, constraintOf(expr, unit, scope))
        const time = piece.end + offsetMs
        const range = { start: time, end: time, step: 0 }
        return add({ shard: piece.shard.name, expr: enforced, text: printEnforced(enforced), range }, expr)
      })
    })
    const grid = { start: end + offsetMs, step: 0, count: 1 }
    return leafOf(expr, grid, { requests: byUnit, overlap: overlapOf(locate(expr)) })
  }

  return {
    requests,
    canMake: (expr, grid) => stretchesFor(expr, grid, scope) !== undefined,
    make,
    makeRaw,
  }
}

/** The units that hold anything of an expression. */
function unitsFor(expr: Expr, { units, locate }: LeafScope): readonly Unit[] {
  return [...locate(expr).units].flatMap((index) => units.list[index] ?? [])
}

/** Which shards of each unit evaluate an expression at which times; undefined if some time has no such shard. */
function stretchesFor(expr: Expr, grid: Grid, scope: LeafScope): readonly (readonly Stretch[])[] | undefined {
  const found: (readonly Stretch[])[] = []
  for (const { shards } of unitsFor(expr, scope)) {
    const stretches = scope.coverage.stretches(expr, grid, shards)
    if (stretches === undefined || (stretches.length > 1 && mayCoincide(expr))) return undefined
    found.push(stretches)
  }
  return found
}

function constraintOf(expr: Expr, unit: Unit, { locate }: LeafScope): Conjunction {
  return locate(expr).units.size === 1 ? unit.conjunction : unit.narrowed
}

function leafOf(
  expr: Expr,
  grid: Grid,
  { requests, overlap }: Pick<LeafNode, 'requests' | 'overlap'>,
): LeafNode {
  return { kind: 'leaf', type: typeOf(expr), requests, overlap, grid, expr }
}

function beyondTimes(expr: Expr): BeyondShards {
  return new BeyondShards(
    expr,
    'no shard has all the samples that one of its times needs',
    'Read less time at once, or time further from where shards end',
  )
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
function rangesOf(grid: Grid): TimeRange[] {
  const ranges: TimeRange[] = []
  for (let from = 0; from < grid.count; from += maxPointsPerSeries) {
    const count = Math.min(maxPointsPerSeries, grid.count - from)
    const stretch = rangeOf({ start: timeAt(grid, from), step: grid.step, count })
    // One point is an instant query, whatever the step.
    ranges.push(count === 1 ? { ...stretch, step: 0 } : stretch)
  }
  return ranges
}
