import type { Cell } from '../../../charts/index.ts'
import type { Field, Frame } from '../frame.ts'

/** A field of other values. */
export function withValues(field: Field, values: readonly Cell[]): Field {
  return { ...field, values }
}

/** A frame with these rows of it only, in this order. */
export function pickRows(frame: Frame, rows: readonly number[]): Frame {
  return {
    ...frame,
    fields: frame.fields.map((field) =>
      withValues(
        field,
        rows.map((row) => field.values[row] ?? null),
      ),
    ),
  }
}

/** The names fields of a frame go by in transformations: what is shown of a series, else the field's own. */
export function nameIn(field: Field): string {
  return field.legend ?? field.name
}

/** A cell as the key of a group. */
export function keyOf(cell: Cell): string {
  return `${typeof cell} ${String(cell)}`
}
