import { interpolate, type Values } from './interpolate.ts'
import type { Panel } from './panel.ts'

/** A panel with variables put into what people read of it beside its title: its description and the names of its fields. */
export function withTexts(panel: Panel, values: Values): Panel {
  const { description, fields } = panel
  const text = (written: string | undefined): string | undefined =>
    written === undefined ? undefined : interpolate(written, values, 'text')
  return {
    ...panel,
    description: text(description),
    fields: {
      defaults: { ...fields.defaults, displayName: text(fields.defaults.displayName) },
      overrides: fields.overrides.map((override) => ({
        ...override,
        properties: override.properties.map((property) =>
          property.id === 'displayName' && typeof property.value === 'string'
            ? { ...property, value: interpolate(property.value, values, 'text') }
            : property,
        ),
      })),
    },
  }
}
