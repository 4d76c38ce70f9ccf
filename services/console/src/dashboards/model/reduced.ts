import type { Cell } from '../../charts/index.ts'
import { showValue } from './display.ts'
import { type FieldConfig, toRegExp } from './field-config.ts'
import type { Frame } from './frame.ts'
import { numberOf, recordOf, textOf, textsOf } from './json.ts'
import type { Panel } from './panel.ts'
import { reduceCells } from './reducers.ts'
import { numbersOf, type ShownField, shownFields } from './shown-fields.ts'

/** One value that a stat, a gauge or a bar stands for. */
export interface ReducedValue {
  readonly id: string
  readonly name: string
  readonly value: Cell
  readonly text: string
  readonly color: string | undefined
  readonly config: FieldConfig
  readonly trail: readonly (number | null)[] | undefined
}

function picks(fields: string): (shown: ShownField) => boolean {
  if (fields === '') return ({ field }) => field.type === 'number'
  const pattern = toRegExp(fields)
  return ({ name, field }) => name === fields || (field.type !== 'time' && (pattern?.test(name) ?? false))
}

/** The values of a panel by its `reduceOptions`: one for each field, or each row. No frames at all give one empty value. */
export function reducedValues(panel: Panel, frames: readonly Frame[]): readonly ReducedValue[] {
  const options = recordOf(panel.options['reduceOptions'])
  const [calc = 'lastNotNull'] = textsOf(options['calcs'])
  const fields = shownFields(frames, panel.fields)
  const chosen = fields.filter(picks(textOf(options['fields']) ?? ''))
  const most = numberOf(options['limit']) ?? (options['values'] === true ? 25 : 500)
  const values =
    options['values'] === true
      ? chosen.flatMap((shown) => rowValues(shown, fields))
      : chosen.map((shown) => reducedValue(shown, reduceCells(calc, shown.field.values)))
  if (values.length > 0) return values.slice(0, most)
  return [{ ...emptyValue(panel.fields.defaults), trail: undefined }]
}

function emptyValue(config: FieldConfig): Omit<ReducedValue, 'trail'> {
  return { id: 'empty', name: '', value: null, ...showValue(config, null), config }
}

function reducedValue({ id, name, field, config, times }: ShownField, value: Cell): ReducedValue {
  const trail =
    field.type === 'number' && times !== undefined && field.values.length > 1 ? numbersOf(field) : undefined
  return { id, name, value, ...showValue(config, value), config, trail }
}

function rowValues(shown: ShownField, all: readonly ShownField[]): readonly ReducedValue[] {
  const { id, name, field, config, frame } = shown
  // A text beside the number says what the row is.
  const text = all.find((one) => one.frame === frame && one.field.type === 'string')
  return field.values.map((value, row) => ({
    id: `${id}-${row}`,
    name: text === undefined ? name : String(text.field.values[row] ?? ''),
    value,
    ...showValue(config, value),
    config,
    trail: undefined,
  }))
}
