import { BarGauge, formatValue, Gauge, type GaugeValue, Stat } from '../../charts/index.ts'
import { hueOf } from '../model/colour.ts'
import { absoluteThresholds } from '../model/display.ts'
import { textOf } from '../model/json.ts'
import { type ReducedValue, reducedValues } from '../model/reduced.ts'
import { panelName, type PanelView } from './panel-view.ts'

/** What a stat shows of names and values. */
function textMode(
  mode: string,
  count: number,
): { readonly showsNames: boolean; readonly showsValues: boolean } {
  switch (mode) {
    case 'name':
      return { showsNames: true, showsValues: false }
    case 'value':
      return { showsNames: false, showsValues: true }
    case 'value_and_name':
      return { showsNames: true, showsValues: true }
    case 'none':
      return { showsNames: false, showsValues: false }
    default:
      return { showsNames: count > 1, showsValues: true }
  }
}

/** Big numbers. */
export function StatPanel(view: PanelView) {
  const { panel, data } = view
  const values = reducedValues(panel, data.frames)
  const mode = textOf(panel.options['colorMode']) ?? 'value'
  const hasTrail = (textOf(panel.options['graphMode']) ?? 'area') !== 'none'
  return (
    <Stat
      title={panelName(view)}
      {...textMode(textOf(panel.options['textMode']) ?? 'auto', values.length)}
      values={values.map(({ id, name, text, color, trail }) => ({
        id,
        name,
        text,
        color,
        ...(hasTrail && trail !== undefined ? { trail } : {}),
      }))}
      coloring={mode.startsWith('background') ? 'background' : mode === 'none' ? 'none' : 'value'}
      isColumn={panel.options['orientation'] === 'horizontal' || values.length > 6}
    />
  )
}

/** Ends of the scale: the field's, else those of all values. */
function onScale(values: readonly ReducedValue[]): readonly GaugeValue[] {
  const numbers = values.flatMap(({ value }) => (typeof value === 'number' ? [value] : []))
  const [least, most] = [Math.min(0, ...numbers), Math.max(...numbers, 0)]
  return values.map(({ id, name, text, value, color, config }) => {
    const { unit, decimals } = config
    const min = config.min ?? least
    const max =
      config.max ?? (unit === 'percentunit' ? 1 : unit === 'percent' ? 100 : most > min ? most : min + 1)
    return {
      id,
      name,
      text,
      value: typeof value === 'number' ? value : null,
      min,
      max,
      minText: formatValue(min, unit, decimals),
      maxText: formatValue(max, unit, decimals),
      color,
      bands: absoluteThresholds({ ...config, min, max }).steps.flatMap(({ value: from, color: named }) => {
        const hue = hueOf(named)
        return hue === undefined ? [] : [{ from: Math.max(min, from), color: hue }]
      }),
    }
  })
}

/** Dials. */
export function GaugePanel(view: PanelView) {
  const { panel, title, data } = view
  const values = onScale(reducedValues(panel, data.frames))
  return (
    <Gauge
      title={panelName(view)}
      // A single one is what its panel says it is.
      values={values.length === 1 && title !== '' ? values.map((one) => ({ ...one, name: title })) : values}
      showsBands={
        panel.options['showThresholdMarkers'] !== false &&
        ['', 'thresholds'].includes(panel.fields.defaults.color.mode)
      }
    />
  )
}

/** Bars with their names. */
export function BarGaugePanel(view: PanelView) {
  const values = onScale(reducedValues(view.panel, view.data.frames))
  return <BarGauge title={panelName(view)} values={values} />
}
