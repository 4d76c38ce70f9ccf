import { flagOf, type Json, numberOf, recordOf, recordsOf, textOf } from './json.ts'

/** A panel of an old kind as what Grafana itself turns it into. Others are returned as they are. */
export function modernPanel(panel: Json): Json {
  switch (panel['type']) {
    case 'graph':
      return modernGraph(panel)
    case 'singlestat':
    case 'grafana-singlestat-panel':
      return modernSingleStat(panel)
    case 'table-old':
      return { ...panel, type: 'table' }
    default:
      return withFieldOptions(panel)
  }
}

/** Before version 7, gauges and the like had `options.fieldOptions` instead of `fieldConfig`. */
function withFieldOptions(panel: Json): Json {
  const { fieldOptions, ...options } = recordOf(panel['options'])
  const old = recordOf(fieldOptions)
  if (fieldOptions === undefined || panel['fieldConfig'] !== undefined) return panel
  const { calcs, values, defaults, overrides } = old
  return {
    ...panel,
    options: { ...options, reduceOptions: { calcs, values: values ?? false, fields: '' } },
    fieldConfig: { defaults: recordOf(defaults), overrides: overrides ?? [] },
  }
}

function legendOf(old: Json): Json {
  const names: readonly (readonly [string, string])[] = [
    ['min', 'min'],
    ['max', 'max'],
    ['avg', 'mean'],
    ['current', 'last'],
    ['total', 'sum'],
  ]
  const calcs =
    old['values'] === true ? names.filter(([key]) => old[key] === true).map(([, calc]) => calc) : []
  return {
    showLegend: old['show'] !== false,
    displayMode: old['alignAsTable'] === true ? 'table' : 'list',
    placement: old['rightSide'] === true ? 'right' : 'bottom',
    calcs,
  }
}

function drawStyleOf(panel: Json): string {
  if (panel['bars'] === true) return 'bars'
  return panel['lines'] === false && panel['points'] === true ? 'points' : 'line'
}

function overrideOf(rule: Json): Json | undefined {
  const alias = textOf(rule['alias'])
  if (alias === undefined) return undefined
  const isPattern = alias.startsWith('/')
  const properties = [
    ...(numberOf(rule['yaxis']) === 2 ? [{ id: 'custom.axisPlacement', value: 'right' }] : []),
    ...(numberOf(rule['fill']) === undefined
      ? []
      : [{ id: 'custom.fillOpacity', value: (numberOf(rule['fill']) ?? 0) * 10 }]),
    ...(textOf(rule['color']) === undefined
      ? []
      : [{ id: 'color', value: { mode: 'fixed', fixedColor: rule['color'] } }]),
    ...(rule['stack'] === false ? [{ id: 'custom.stacking', value: { mode: 'none' } }] : []),
  ]
  return { matcher: { id: isPattern ? 'byRegexp' : 'byName', options: alias }, properties }
}

function thresholdsOf(rules: readonly Json[]): Json {
  const steps = rules.map((rule) => ({
    value: numberOf(rule['value']),
    color: { critical: 'red', warning: 'orange', ok: 'green' }[textOf(rule['colorMode']) ?? ''] ?? 'red',
  }))
  return { mode: 'absolute', steps: [{ color: 'transparent', value: null }, ...steps] }
}

function modernGraph(panel: Json): Json {
  const [left = {}, right = {}] = recordsOf(panel['yaxes'])
  const rules = recordsOf(panel['thresholds'])
  const stacking = {
    mode: panel['stack'] !== true ? 'none' : panel['percentage'] === true ? 'percent' : 'normal',
  }
  const aliases = Object.entries(recordOf(panel['aliasColors'])).map(([name, color]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
  }))
  const overrides = recordsOf(panel['seriesOverrides'])
    .map(overrideOf)
    .filter((one) => one !== undefined)
  const defaults = {
    unit: left['format'],
    min: left['min'],
    max: left['max'],
    decimals: panel['decimals'],
    color: { mode: 'palette-classic' },
    ...(rules.length === 0 ? {} : { thresholds: thresholdsOf(rules) }),
    custom: {
      drawStyle: drawStyleOf(panel),
      lineWidth: numberOf(panel['linewidth']) ?? 1,
      fillOpacity: panel['bars'] === true ? 80 : (numberOf(panel['fill']) ?? 1) * 10,
      lineInterpolation: panel['steppedLine'] === true ? 'stepAfter' : 'linear',
      showPoints: panel['points'] === true ? 'always' : 'never',
      spanNulls: panel['nullPointMode'] === 'connected',
      axisLabel: left['label'],
      stacking: { ...stacking, group: 'A' },
      scaleDistribution:
        (numberOf(left['logBase']) ?? 1) > 1
          ? { type: 'log', log: numberOf(left['logBase']) }
          : { type: 'linear' },
      thresholdsStyle: { mode: rules.length === 0 ? 'off' : 'line' },
    },
  }
  const rightUnit = textOf(right['format'])
  const onRight = overrides.map((one) =>
    rightUnit !== undefined && one['properties'] !== undefined && JSON.stringify(one).includes('"right"')
      ? { ...one, properties: [...recordsOf(one['properties']), { id: 'unit', value: rightUnit }] }
      : one,
  )
  return {
    ...panel,
    type: 'timeseries',
    fieldConfig: { defaults, overrides: [...aliases, ...onRight] },
    options: {
      legend: legendOf(recordOf(panel['legend'])),
      tooltip: { mode: flagOf(recordOf(panel['tooltip'])['shared']) === false ? 'single' : 'multi' },
    },
  }
}

const singleStatCalcs: Readonly<Record<string, string>> = {
  avg: 'mean',
  current: 'lastNotNull',
  total: 'sum',
  first: 'firstNotNull',
  name: 'lastNotNull',
}

function modernSingleStat(panel: Json): Json {
  const isGauge = recordOf(panel['gauge'])['show'] === true
  const colors = Array.isArray(panel['colors']) ? panel['colors'] : []
  const limits = (textOf(panel['thresholds']) ?? '').split(',').map((limit) => numberOf(limit.trim()))
  const steps = [null, ...limits.filter((limit) => limit !== undefined)].map((value, i) => ({
    value,
    color: typeof colors[i] === 'string' ? colors[i] : 'text',
  }))
  const name = textOf(panel['valueName']) ?? 'avg'
  const colored = panel['colorValue'] === true || panel['colorBackground'] === true
  return {
    ...panel,
    type: isGauge ? 'gauge' : 'stat',
    fieldConfig: {
      defaults: {
        unit: panel['format'],
        decimals: panel['decimals'],
        ...(isGauge
          ? { min: recordOf(panel['gauge'])['minValue'], max: recordOf(panel['gauge'])['maxValue'] }
          : {}),
        thresholds: { mode: 'absolute', steps: steps.length > 1 ? steps : [{ value: null, color: 'text' }] },
        mappings: recordsOf(panel['valueMaps']).map((map) => ({ ...map, type: 1 })),
        noValue: panel['nullText'],
      },
      overrides: [],
    },
    options: {
      reduceOptions: { calcs: [singleStatCalcs[name] ?? name], values: false, fields: '' },
      colorMode: panel['colorBackground'] === true ? 'background' : colored ? 'value' : 'none',
      graphMode: recordOf(panel['sparkline'])['show'] === true ? 'area' : 'none',
      textMode: name === 'name' ? 'name' : 'auto',
    },
  }
}
