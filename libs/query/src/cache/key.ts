/** Endpoints whose answers may be cached. */
export type CachedEndpoint = 'query' | 'query_range' | 'series' | 'labels' | 'label_values' | 'metadata'

/** When a request asks for, ms since the epoch. */
export type Times =
  | { readonly kind: 'range'; readonly start: number; readonly end: number; readonly step: number }
  | { readonly kind: 'instant'; readonly time: number }
  | { readonly kind: 'lookup'; readonly start: number | undefined; readonly end: number | undefined }

/**
 * Everything that can change an answer. Who asks is not in it: what they may see is in the printed enforced expressions,
 * so equal access shares entries and unequal access cannot. Neither is what changes only the answer's coding.
 */
export interface KeyParts {
  readonly orgUid: string
  readonly dataSourceUid: string
  readonly dataSourceVersion: number
  readonly endpoint: CachedEndpoint
  /** Printed *enforced* expressions, one for each partition of the access, in plan order. */
  readonly expressions: readonly string[]
  readonly times: Times
  /** Names of the shards asked. */
  readonly shards: readonly string[]
  /** Label of `label_values`, metric of `metadata`. */
  readonly subject: string | undefined
  readonly lookbackDelta: number | undefined
  readonly limit: number | undefined
  readonly limitPerMetric: number | undefined
  readonly stats: string | undefined
}

type Part = string | number | undefined | readonly Part[]
type Field = keyof KeyParts
type Fields = { readonly [F in Field]: (parts: KeyParts) => Part }

const shared: Omit<Fields, 'times'> = {
  orgUid: (parts) => parts.orgUid,
  dataSourceUid: (parts) => parts.dataSourceUid,
  dataSourceVersion: (parts) => parts.dataSourceVersion,
  endpoint: (parts) => parts.endpoint,
  expressions: (parts) => parts.expressions,
  shards: ({ shards }) => (shards.length > 1 ? shards.toSorted() : shards),
  subject: (parts) => parts.subject,
  lookbackDelta: (parts) => parts.lookbackDelta,
  limit: (parts) => parts.limit,
  limitPerMetric: (parts) => parts.limitPerMetric,
  stats: (parts) => parts.stats,
}

/** The fields of the two keys. The mutation test drops each in turn. */
export const exactFields: Fields = { ...shared, times: ({ times }) => exactTimes(times) }
export const extentFields: Fields = { ...shared, times: ({ times }) => gridTimes(times) }

function exactTimes(times: Times): Part {
  switch (times.kind) {
    case 'range':
      return ['range', times.start, times.end, times.step]
    case 'instant':
      return ['instant', times.time]
    case 'lookup':
      return ['lookup', times.start, times.end]
  }
}

/** A range's grid, without its ends: its step and its phase. */
function gridTimes(times: Times): Part {
  if (times.kind !== 'range') return exactTimes(times)
  const { start, step } = times
  return ['grid', step, ((start % step) + step) % step]
}

/** Length-prefixed, with a tag of the type: no two lists of parts have one encoding. */
function encode(part: Part): string {
  if (part === undefined) return 'u'
  if (typeof part === 'number') return `n${part};`
  if (typeof part === 'string') return `s${part.length}:${part}`
  let text = `l${part.length}:`
  for (const one of part) text += encode(one)
  return text
}

/** Makes the builder of a key of some fields; `tag` tells kinds of keys and formats apart. */
export function keyBuilder(tag: string, fields: Partial<Fields>): (parts: KeyParts) => string {
  const encoded = Object.entries(fields).map(([name, read]) => [encode(name), read] as const)
  const head = encode(tag)
  return (parts) => {
    let text = head
    for (const [name, read] of encoded) text += name + encode(read(parts))
    return text
  }
}

/** Key of one very answer: equal for two requests exactly when every part is. */
export const exactKey = keyBuilder('answer-1', exactFields)

/** Key of the extents of a range query: as {@link exactKey}, but any two ranges of one step and phase share it. */
export const extentKey = keyBuilder('extents-1', extentFields)
