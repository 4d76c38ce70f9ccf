import { cropExtent, type Extent, onGrid, renderMatrix, type Span, scanMatrix } from '@gatehouse/query'
import type { Sealed } from './redis/sealed.ts'
import type { SharedLevel } from './redis/shared-level.ts'

/** The grid of one extent key: evaluation times are `phase + n·step`. */
export interface Grid {
  readonly key: string
  readonly phase: number
  readonly step: number
}

/**
 * Extents are shared in slots of 64 points: about 50 kB compressed for a hundred series, so that a window that moved rewrites
 * one slot and a short window reads few.
 */
const pointsPerSlot = 64

function slotOf({ phase, step }: Grid, time: number): number {
  return Math.floor((time - phase) / step / pointsPerSlot)
}

function slotSpan({ phase, step }: Grid, slot: number): Span {
  const from = phase + slot * pointsPerSlot * step
  return { from, to: from + (pointsPerSlot - 1) * step }
}

// A grid key is self-delimiting, so nothing else begins with it.
const slotKey = ({ key }: Grid, slot: number): string => `${key}#${slot}`

function slotsOf(grid: Grid, { from, to }: Span): number[] {
  const first = slotOf(grid, from)
  return Array.from({ length: Math.max(0, slotOf(grid, to) - first + 1) }, (_, i) => first + i)
}

/** Reads what the second level has of a span; parts that are older than `maxAge`, or from the future, are left out. */
export async function readSlots(
  shared: SharedLevel,
  grid: Grid,
  span: Span,
  age: { readonly now: number; readonly maxAge: number },
): Promise<Extent[]> {
  const slots = slotsOf(grid, span)
  if (slots.length === 0 || !shared.isUp) return []
  const entries = await shared.read(slots.map((slot) => slotKey(grid, slot)))
  return entries.flatMap((entry, i) => {
    if (entry === undefined || entry.bornAt > age.now || age.now - entry.bornAt >= age.maxAge) return []
    return parse(grid, slotSpan(grid, slots[i] ?? 0), entry) ?? []
  })
}

/** The extent of an entry, if it is one of that slot. */
function parse({ phase, step }: Grid, slot: Span, { from, to, bornAt, body }: Sealed): Extent | undefined {
  const isInSlot = from >= slot.from && to <= slot.to && from <= to
  if (!isInSlot || onGrid(from, phase, step) !== from || onGrid(to, phase, step) !== to) return undefined
  try {
    return scanMatrix(body, { start: from, end: to, step }, bornAt).extent
  } catch {
    return undefined
  }
}

/** Writes the slots that hold any of `changed`, from what is known of them. */
export function writeSlots(
  shared: SharedLevel,
  grid: Grid,
  known: readonly Extent[],
  changed: readonly Span[],
  ttlOf: (extent: Extent) => number,
): void {
  if (!shared.isUp) return
  const slots = new Set(changed.flatMap((span) => slotsOf(grid, span)))
  for (const slot of slots) {
    const { from, to } = slotSpan(grid, slot)
    const part = known.map((extent) => cropExtent(extent, from, to)).findLast((found) => found !== undefined)
    if (part === undefined) continue
    shared.write(slotKey(grid, slot), { ...part, body: renderMatrix(part) }, ttlOf(part))
  }
}
