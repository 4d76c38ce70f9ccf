import { flagOf, isRecord, type Json, listOf, numberOf, recordOf, recordsOf, textOf } from './json.ts'

/** A step of thresholds: from this value on, this colour. The first has −∞. */
export interface ThresholdStep {
  readonly value: number
  readonly color: string
}

export interface Thresholds {
  readonly mode: 'absolute' | 'percentage'
  readonly steps: readonly ThresholdStep[]
}

/** What a value is shown as instead. */
export interface MappingResult {
  readonly text: string | undefined
  readonly color: string | undefined
}

/** A rule that shows a value as something else. */
export type Mapping =
  | { readonly kind: 'value'; readonly results: ReadonlyMap<string, MappingResult> }
  | { readonly kind: 'range'; readonly from: number; readonly to: number; readonly result: MappingResult }
  | { readonly kind: 'regex'; readonly pattern: string; readonly result: MappingResult }
  | { readonly kind: 'special'; readonly match: string; readonly result: MappingResult }

/** How a field is shown; the same properties that overrides may change. */
export interface FieldConfig {
  readonly unit: string | undefined
  readonly decimals: number | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly displayName: string | undefined
  readonly noValue: string | undefined
  /** An empty mode is that of the panel's kind. */
  readonly color: { readonly mode: string; readonly fixed: string | undefined }
  readonly thresholds: Thresholds
  readonly mappings: readonly Mapping[]
  readonly links: readonly Json[]
  /** Properties of the panel's own kind, such as `lineWidth`. */
  readonly custom: Json
}

/** A change of the configuration for the fields a matcher names. */
export interface Override {
  readonly matcher: string
  readonly options: unknown
  readonly properties: readonly { readonly id: string; readonly value: unknown }[]
}

export interface FieldConfigs {
  readonly defaults: FieldConfig
  readonly overrides: readonly Override[]
}

export function readFieldConfigs(value: unknown): FieldConfigs {
  const { defaults, overrides } = recordOf(value)
  return {
    defaults: readFieldConfig(recordOf(defaults)),
    overrides: recordsOf(overrides).map((one) => ({
      matcher: textOf(recordOf(one['matcher'])['id']) ?? '',
      options: recordOf(one['matcher'])['options'],
      properties: recordsOf(one['properties']).map((p) => ({ id: textOf(p['id']) ?? '', value: p['value'] })),
    })),
  }
}

function readFieldConfig(json: Json): FieldConfig {
  return {
    unit: textOf(json['unit']),
    decimals: numberOf(json['decimals']),
    min: numberOf(json['min']),
    max: numberOf(json['max']),
    displayName: textOf(json['displayName']),
    noValue: textOf(json['noValue']),
    color: readColor(json['color']),
    thresholds: readThresholds(json['thresholds']),
    mappings: readMappings(json['mappings']),
    links: recordsOf(json['links']),
    custom: recordOf(json['custom']),
  }
}

function readColor(value: unknown): FieldConfig['color'] {
  const color = recordOf(value)
  return { mode: textOf(color['mode']) ?? '', fixed: textOf(color['fixedColor']) }
}

export function readThresholds(value: unknown): Thresholds {
  const json = recordOf(value)
  const steps = recordsOf(json['steps']).map((step, i) => ({
    // The first step is the base whatever stands there: newer versions write 0, older ones null.
    value: i === 0 ? Number.NEGATIVE_INFINITY : (numberOf(step['value']) ?? Number.NEGATIVE_INFINITY),
    color: textOf(step['color']) ?? 'green',
  }))
  const fallback = [
    { value: Number.NEGATIVE_INFINITY, color: 'green' },
    { value: 80, color: 'red' },
  ]
  return {
    mode: json['mode'] === 'percentage' ? 'percentage' : 'absolute',
    steps: isRecord(value) ? steps : fallback,
  }
}

export function readMappings(value: unknown): readonly Mapping[] {
  return recordsOf(value).flatMap((item): readonly Mapping[] => {
    const options = recordOf(item['options'])
    const result = readResult(options['result'])
    switch (item['type']) {
      case 'value':
        return [
          { kind: 'value', results: new Map(Object.entries(options).map(([k, v]) => [k, readResult(v)])) },
        ]
      case 'range': {
        const from = numberOf(options['from']) ?? Number.NEGATIVE_INFINITY
        return [{ kind: 'range', from, to: numberOf(options['to']) ?? Number.POSITIVE_INFINITY, result }]
      }
      case 'regex':
        return [{ kind: 'regex', pattern: textOf(options['pattern']) ?? '', result }]
      case 'special':
        return [{ kind: 'special', match: textOf(options['match']) ?? '', result }]
      // Before version 8: type 1 maps a value, type 2 a range.
      default:
        return oldMapping(item)
    }
  })
}

function oldMapping(item: Json): readonly Mapping[] {
  const result = { text: textOf(item['text']), color: undefined }
  if (item['type'] === 2) {
    const from = numberOf(item['from']) ?? Number.NEGATIVE_INFINITY
    return [{ kind: 'range', from, to: numberOf(item['to']) ?? Number.POSITIVE_INFINITY, result }]
  }
  const value = item['value']
  if (typeof value !== 'string' && typeof value !== 'number') return []
  if (value === 'null') return [{ kind: 'special', match: 'null', result }]
  return [{ kind: 'value', results: new Map([[String(value), result]]) }]
}

function readResult(value: unknown): MappingResult {
  const json = recordOf(value)
  return { text: textOf(json['text']), color: textOf(json['color']) }
}

/** The configuration with one property changed; a property nobody knows changes nothing. */
export function withProperty(
  config: FieldConfig,
  { id, value }: Override['properties'][number],
): FieldConfig {
  if (id.startsWith('custom.'))
    return { ...config, custom: { ...config.custom, [id.slice('custom.'.length)]: value } }
  switch (id) {
    case 'unit':
      return { ...config, unit: textOf(value) }
    case 'displayName':
      return { ...config, displayName: textOf(value) }
    case 'noValue':
      return { ...config, noValue: textOf(value) }
    case 'decimals':
      return { ...config, decimals: numberOf(value) }
    case 'min':
      return { ...config, min: numberOf(value) }
    case 'max':
      return { ...config, max: numberOf(value) }
    case 'color':
      return { ...config, color: readColor(value) }
    case 'thresholds':
      return { ...config, thresholds: readThresholds(value) }
    case 'mappings':
      return { ...config, mappings: readMappings(value) }
    case 'links':
      return { ...config, links: recordsOf(listOf(value)) }
    default:
      return config
  }
}

/** A field as override matchers see it. */
export interface MatchedField {
  readonly name: string
  readonly type: 'time' | 'number' | 'string' | 'boolean'
  readonly refId: string | undefined
}

/** The configuration of one field: the defaults with every override whose matcher names it, in order. */
export function configOf({ defaults, overrides }: FieldConfigs, field: MatchedField): FieldConfig {
  return overrides
    .filter((override) => matches(override, field))
    .flatMap(({ properties }) => properties)
    .reduce(withProperty, defaults)
}

function matches({ matcher, options }: Override, { name, type, refId }: MatchedField): boolean {
  switch (matcher) {
    case 'byName':
      return name === options
    case 'byNames': {
      const json = recordOf(options)
      const isIn = listOf(json['names']).includes(name)
      return json['mode'] === 'exclude' ? !isIn : isIn
    }
    case 'byRegexp':
      return toRegExp(textOf(options) ?? '')?.test(name) ?? false
    case 'byType':
      return type === options
    case 'byFrameRefID':
      return refId === options
    case 'numeric':
      return type === 'number'
    case 'time':
      return type === 'time'
    default:
      return false
  }
}

/** Grafana's regular expressions: `/pattern/flags`, or a pattern for the whole text. Undefined if it is none. */
export function toRegExp(text: string): RegExp | undefined {
  const written = /^\/(.*)\/([gimsuy]*)$/s.exec(text)
  try {
    return written === null
      ? new RegExp(`^${text}$`)
      : new RegExp(written[1] ?? '', (written[2] ?? '').replace(/[gy]/g, ''))
  } catch {
    return undefined
  }
}

/** Whether a flag of the field's own kind is set, such as `hideFrom.viz`. */
export function customFlag(config: FieldConfig, [first, second]: readonly [string, string?]): boolean {
  const value = config.custom[first]
  return (second === undefined ? flagOf(value) : flagOf(recordOf(value)[second])) ?? false
}
