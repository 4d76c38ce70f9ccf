import type { Cell } from '../../charts/index.ts'
import { type FieldConfig, type FieldConfigs, configOf } from './field-config.ts'
import { displayName, type Field, type Frame } from './frame.ts'

/** A field as a panel shows it. */
export interface ShownField {
  readonly id: string
  readonly name: string
  readonly field: Field
  readonly frame: Frame
  readonly config: FieldConfig
  /** The times its values stand at, if it is a series. */
  readonly times: readonly Cell[] | undefined
}

/** Fields of all frames with their names and configurations. */
export function shownFields(frames: readonly Frame[], configs: FieldConfigs): readonly ShownField[] {
  return frames.flatMap((frame, f) => {
    const times = frame.fields.find(({ type }) => type === 'time')?.values
    return frame.fields.map((field, i) => {
      const own = displayName(field, frames)
      const config = configOf(configs, { name: own, type: field.type, refId: frame.refId })
      const name = config.displayName === undefined ? own : fieldText(config.displayName, field, own)
      return { id: `${frame.refId}-${f}-${i}`, name, field, frame, config, times }
    })
  })
}

/** Puts a field's name and labels into a display name. */
function fieldText(text: string, { labels }: Field, name: string): string {
  return text
    .replace(/\$\{__field\.labels\.([^}]+)\}/g, (_whole, label: string) => labels[label] ?? '')
    .replace(/\$\{__field\.(?:displayName|name)\}|\$__field_name/g, name)
    .replace(/\$\{__field\.labels\}/g, Object.values(labels).join(', '))
}

/** The numbers of a field; what is not one is null. */
export function numbersOf({ values }: Field): readonly (number | null)[] {
  return values.map((value) => (typeof value === 'number' && Number.isFinite(value) ? value : null))
}
