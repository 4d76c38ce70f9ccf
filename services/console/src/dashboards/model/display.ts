import { type Cell, formatParts } from '../../charts/index.ts'
import { hueOf } from './colour.ts'
import {
  type FieldConfig,
  type Mapping,
  type MappingResult,
  type Thresholds,
  toRegExp,
} from './field-config.ts'

/** A value as it is shown. */
export interface Shown {
  readonly text: string
  /** Custom property of a hue, or undefined for the text's own colour. */
  readonly color: string | undefined
}

function specialMatches(match: string, value: Cell): boolean {
  switch (match) {
    case 'null':
      return value === null
    case 'nan':
      return typeof value === 'number' && Number.isNaN(value)
    case 'null+nan':
      return value === null || (typeof value === 'number' && Number.isNaN(value))
    case 'true':
      return value === true
    case 'false':
      return value === false
    case 'empty':
      return value === ''
    default:
      return false
  }
}

function mapped(mapping: Mapping, value: Cell): MappingResult | undefined {
  switch (mapping.kind) {
    case 'value':
      return value === null ? mapping.results.get('null') : mapping.results.get(String(value))
    case 'range': {
      const number = typeof value === 'number' ? value : Number.NaN
      return number >= mapping.from && number <= mapping.to ? mapping.result : undefined
    }
    case 'regex': {
      const pattern = toRegExp(mapping.pattern)
      if (pattern === undefined || value === null || !pattern.test(String(value))) return undefined
      const { text, color } = mapping.result
      return { color, text: text === undefined ? undefined : String(value).replace(pattern, text) }
    }
    case 'special':
      return specialMatches(mapping.match, value) ? mapping.result : undefined
  }
}

/** The colour of the threshold a value has reached. */
export function thresholdColor(config: FieldConfig, value: number | null): string | undefined {
  const { steps } = absoluteThresholds(config)
  const reached = steps.findLast((step) =>
    value === null ? step.value === Number.NEGATIVE_INFINITY : value >= step.value,
  )
  return reached === undefined ? undefined : hueOf(reached.color)
}

/** Thresholds as values: percentages are of the way from min to max. */
export function absoluteThresholds({ thresholds, min = 0, max = 100 }: FieldConfig): Thresholds {
  if (thresholds.mode === 'absolute') return thresholds
  const steps = thresholds.steps.map(({ value, color }) => ({
    value: Number.isFinite(value) ? min + ((max - min) * value) / 100 : value,
    color,
  }))
  return { mode: 'absolute', steps }
}

/** The colour of a value by its field's colour mode. */
export function colorOf(config: FieldConfig, value: number | null): string | undefined {
  const { mode, fixed } = config.color
  if (mode === 'fixed' || mode === 'shades') return fixed === undefined ? undefined : hueOf(fixed)
  if (mode.startsWith('continuous-')) return continuousHue(mode, config, value)
  if (mode.startsWith('palette-')) return undefined
  return thresholdColor(config, value)
}

const scales: Readonly<Record<string, readonly string[]>> = {
  'continuous-GrYlRd': ['--hue-green', '--hue-yellow', '--hue-red'],
  'continuous-RdYlGr': ['--hue-red', '--hue-yellow', '--hue-green'],
  'continuous-BlYlRd': ['--hue-blue', '--hue-yellow', '--hue-red'],
  'continuous-YlRd': ['--hue-yellow', '--hue-red'],
  'continuous-BlPu': ['--hue-blue', '--hue-purple'],
  'continuous-YlBl': ['--hue-yellow', '--hue-blue'],
}

function continuousHue(mode: string, { min = 0, max = 100 }: FieldConfig, value: number | null): string {
  const hues = scales[mode] ?? [hueOf(mode.slice('continuous-'.length)) ?? '--hue-blue']
  const share = value === null || max <= min ? 0 : (value - min) / (max - min)
  return hues[Math.min(hues.length - 1, Math.max(0, Math.floor(share * hues.length)))] ?? '--hue-blue'
}

/** A value as people see it: mapped, or with its unit; and its colour. */
export function showValue(config: FieldConfig, value: Cell): Shown {
  const number = typeof value === 'number' ? value : null
  for (const mapping of config.mappings) {
    const result = mapped(mapping, value)
    if (result === undefined) continue
    const color = result.color === undefined ? colorOf(config, number) : hueOf(result.color)
    return { text: result.text ?? textOf(config, value), color }
  }
  return { text: textOf(config, value), color: colorOf(config, number) }
}

function textOf({ unit, decimals, noValue }: FieldConfig, value: Cell): string {
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) return noValue ?? '–'
  if (typeof value !== 'number') return String(value)
  const { text, suffix } = formatParts(value, unit, decimals)
  return text + suffix
}
