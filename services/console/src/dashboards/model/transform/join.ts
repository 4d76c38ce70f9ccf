import type { Cell } from '../../../charts/index.ts'
import type { Field, Frame } from '../frame.ts'
import { keyOf, nameIn } from './columns.ts'

/** Frames next to each other where a field is equal (`joinByField`): all keys, or with `inner` those that every frame has. */
export function joinByField(
  frames: readonly Frame[],
  byField: string | undefined,
  mode: string,
): readonly Frame[] {
  const parts = frames.flatMap((frame) => {
    const key = frame.fields.find((field) =>
      byField === undefined ? field.type === 'time' : nameIn(field) === byField || field.name === byField,
    )
    return key === undefined ? [] : [{ frame, key }]
  })
  const [first] = parts
  if (first === undefined) return frames
  if (parts.length === 1) return [first.frame]
  const keys = new Map<string, Cell>()
  for (const { key } of parts) for (const cell of key.values) keys.set(keyOf(cell), cell)
  const rowsByKey = parts.map(({ key }) => new Map(key.values.map((cell, row) => [keyOf(cell), row])))
  const wanted = [...keys.keys()].filter(
    (key) => mode !== 'inner' || rowsByKey.every((rows) => rows.has(key)),
  )
  const ordered =
    first.key.type === 'time' ? wanted.toSorted((a, b) => Number(keys.get(a)) - Number(keys.get(b))) : wanted
  const fields: Field[] = [{ ...first.key, values: ordered.map((key) => keys.get(key) ?? null) }]
  parts.forEach(({ frame, key }, part) => {
    for (const field of frame.fields) {
      if (field === key) continue
      const rows = rowsByKey[part]
      fields.push({ ...field, values: ordered.map((one) => field.values[rows?.get(one) ?? -1] ?? null) })
    }
  })
  return [{ refId: first.frame.refId, name: undefined, fields: numbered(fields) }]
}

/** Fields of one name get numbers: `Time 1`, `Time 2`. */
function numbered(fields: readonly Field[]): readonly Field[] {
  const counts = new Map<string, number>()
  for (const { name, legend } of fields)
    if (legend === undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  const seen = new Map<string, number>()
  return fields.map((field) => {
    if (field.legend !== undefined || (counts.get(field.name) ?? 0) < 2) return field
    const n = (seen.get(field.name) ?? 0) + 1
    seen.set(field.name, n)
    return { ...field, name: `${field.name} ${n}` }
  })
}

/** Tables below each other (`merge`): rows whose common fields are equal become one. */
export function merge(frames: readonly Frame[]): readonly Frame[] {
  const [first] = frames
  if (first === undefined || frames.length === 1) return frames
  const names = [...new Set(frames.flatMap(({ fields }) => fields.map(nameIn)))]
  const inAll = names.filter((name) =>
    frames.every(({ fields }) => fields.some((field) => nameIn(field) === name)),
  )
  const all: Map<string, Cell>[] = []
  const byKey = new Map<string, Map<string, Cell>[]>()
  for (const { fields } of frames) {
    const length = fields[0]?.values.length ?? 0
    for (let i = 0; i < length; i++) {
      const cells = new Map(fields.map((field) => [nameIn(field), field.values[i] ?? null]))
      const key = inAll.map((name) => keyOf(cells.get(name) ?? null)).join('\n')
      const like = byKey.get(key) ?? []
      byKey.set(key, like)
      // Rows of one frame stay apart; one of another joins the first it says nothing against.
      const row = like.find((other) =>
        [...cells].every(([name, cell]) => !other.has(name) || other.get(name) === cell),
      )
      if (row !== undefined) for (const [name, cell] of cells) row.set(name, cell)
      else {
        like.push(cells)
        all.push(cells)
      }
    }
  }
  const fields = names.flatMap((name): Field[] => {
    const source = frames.flatMap((frame) => frame.fields).find((field) => nameIn(field) === name)
    return source === undefined ? [] : [{ ...source, values: all.map((row) => row.get(name) ?? null) }]
  })
  return [{ refId: first.refId, name: undefined, fields }]
}
