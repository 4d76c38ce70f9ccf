import type { Frame } from '../frame.ts'
import type { Transformation } from '../panel.ts'
import { textOf } from '../json.ts'
import {
  calculateField,
  filterFieldsByName,
  labelsToFields,
  organize,
  renameByRegex,
  sortBy,
} from './fields.ts'
import { joinByField, merge } from './join.ts'
import { filterByValue, groupBy, limit, reduce, seriesToRows } from './rows.ts'

/** Frames after a panel's transformations, and those that are not known here. */
export interface Transformed {
  readonly frames: readonly Frame[]
  readonly unknown: readonly string[]
}

function applyOne(frames: readonly Frame[], { id, options }: Transformation): readonly Frame[] | undefined {
  switch (id) {
    case 'organize':
      return organize(frames, options)
    case 'filterFieldsByName':
      return filterFieldsByName(frames, options)
    case 'renameByRegex':
      return renameByRegex(frames, options)
    case 'sortBy':
      return sortBy(frames, options)
    case 'labelsToFields':
      return labelsToFields(frames, options)
    case 'calculateField':
      return calculateField(frames, options)
    case 'joinByField':
    case 'seriesToColumns':
      return joinByField(frames, textOf(options['byField']), textOf(options['mode']) ?? 'outer')
    case 'merge':
      return merge(frames)
    case 'reduce':
      return reduce(frames, options)
    case 'seriesToRows':
      return seriesToRows(frames)
    case 'groupBy':
      return groupBy(frames, options)
    case 'filterByValue':
      return filterByValue(frames, options)
    case 'limit':
      return limit(frames, options)
    default:
      return undefined
  }
}

/** Applies transformations in order; one that is unknown is passed over and named. */
export function applyTransformations(
  frames: readonly Frame[],
  transformations: readonly Transformation[],
): Transformed {
  const unknown: string[] = []
  let now = frames
  for (const one of transformations) {
    const next = applyOne(now, one)
    if (next === undefined) unknown.push(one.id)
    else now = next
  }
  return { frames: now, unknown }
}
