import { useMemo } from 'react'
import { type LegendSetting, TimeSeriesChart } from '../../charts/index.ts'
import { type Json, recordOf, textOf, textsOf } from '../model/json.ts'
import { panelRange } from '../model/requests.ts'
import { reduceNumbers, reducerTitle } from '../model/reducers.ts'
import { mostSeries, timeSeriesInput } from '../model/time-series-input.ts'
import type { PanelView } from './panel-view.ts'

/** The legend a panel asks for. */
function legendOf(options: Json): LegendSetting {
  const legend = recordOf(options['legend'])
  const mode = textOf(legend['displayMode'])
  if (legend['showLegend'] === false || mode === 'hidden') return { place: 'none' }
  const calcs = textsOf(legend['calcs']).map((id) => ({
    title: reducerTitle(id),
    of: (values: readonly (number | null)[]) => reduceNumbers(id, values),
  }))
  const sortBy = textOf(legend['sortBy'])
  return {
    place: legend['placement'] === 'right' ? 'right' : 'bottom',
    asTable: mode === 'table',
    calcs,
    ...(sortBy === undefined ? {} : { sort: { title: sortBy, descending: legend['sortDesc'] !== false } }),
  }
}

/** Lines, bars or points over time. */
export function TimeSeriesPanel({
  panel,
  title,
  data,
  range,
  isUtc,
  annotations,
  syncKey,
  onZoom,
}: PanelView) {
  const shown = useMemo(
    () =>
      timeSeriesInput(panel, data.frames, {
        range: panelRange(panel, range),
        isUtc,
        annotations,
        exemplars: data.exemplars,
        syncKey,
      }),
    [panel, data.frames, data.exemplars, range, isUtc, annotations, syncKey],
  )
  const legend = useMemo(() => legendOf(panel.options), [panel.options])
  return (
    <>
      {shown.count > mostSeries ? (
        <p className="panel-word small">
          {mostSeries} of {shown.count} series are drawn. CSV has all of them.
        </p>
      ) : null}
      <TimeSeriesChart title={title} input={shown.input} legend={legend} onZoom={onZoom} view="chart" />
    </>
  )
}
