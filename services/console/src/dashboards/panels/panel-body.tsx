import type { ComponentType } from 'react'
import { formatValue, type Sheet, sheetOfExemplars, SheetTable, summarise } from '../../charts/index.ts'
import { panelSheet } from '../model/panel-sheet.ts'
import { panelRange } from '../model/requests.ts'
import { dateText } from '../../parts/written-time.ts'
import { timeSeriesInput } from '../model/time-series-input.ts'
import { HeatmapPanel } from './heatmap-panel.tsx'
import type { PanelView } from './panel-view.ts'
import { TablePanel } from './table-panel.tsx'
import { TextPanel } from './text-panel.tsx'
import { TimeSeriesPanel } from './time-series-panel.tsx'
import { Unsupported } from './unsupported.tsx'
import { BarGaugePanel, GaugePanel, StatPanel } from './value-panels.tsx'

const kinds: Readonly<Record<string, ComponentType<PanelView>>> = {
  timeseries: TimeSeriesPanel,
  stat: StatPanel,
  gauge: GaugePanel,
  bargauge: BarGaugePanel,
  heatmap: HeatmapPanel,
  table: TablePanel,
  text: TextPanel,
}

/** Whether panels of a kind are drawn. */
export function isSupported(type: string): boolean {
  return Object.hasOwn(kinds, type)
}

/** Whether a panel of a kind can be drawn without any query. */
export function needsNoData(type: string): boolean {
  return type === 'text'
}

/** The sentences of a chart that is shown as a table; other kinds are named. */
function summaryOf({ panel, title, data, range, isUtc, annotations }: PanelView): string | undefined {
  if (panel.type !== 'timeseries') return undefined
  const { exemplars } = data
  const place = { range: panelRange(panel, range), isUtc, annotations, exemplars, syncKey: undefined }
  return summarise({ ...timeSeriesInput(panel, data.frames, place).input, title })
}

function exemplarSheet({ panel, title, data: { exemplars }, isUtc }: PanelView): Sheet {
  const { unit, decimals } = panel.fields.defaults
  return {
    ...sheetOfExemplars(title, exemplars),
    textOf: (cell, column) => {
      if (column === 0) return dateText(Date.parse(String(cell)), isUtc)
      return typeof cell === 'number' ? formatValue(cell, unit, decimals) : String(cell)
    },
  }
}

/** What a panel shows: its own kind, or the samples as a table. */
export function PanelBody({
  view,
  asTable,
  grafana,
}: {
  readonly view: PanelView
  readonly asTable: boolean
  readonly grafana: string | undefined
}) {
  const { panel, title, data, isUtc } = view
  const Kind = kinds[panel.type]
  if (asTable && !needsNoData(panel.type)) {
    const samples = (
      <SheetTable sheet={panelSheet(panel, title, data.frames, isUtc)} summary={summaryOf(view)} />
    )
    if (data.exemplars.length === 0) return samples
    return (
      <div className="chart-sheets">
        {samples}
        <SheetTable sheet={exemplarSheet(view)} />
      </div>
    )
  }
  return Kind === undefined ? <Unsupported panel={panel} grafana={grafana} /> : <Kind {...view} />
}
