import type { ComponentType } from 'react'
import { SheetTable, summarise } from '../../charts/index.ts'
import { panelSheet } from '../model/panel-sheet.ts'
import { panelRange } from '../model/requests.ts'
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
  const place = { range: panelRange(panel, range), isUtc, annotations, syncKey: undefined }
  return summarise({ ...timeSeriesInput(panel, data.frames, place).input, title })
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
  if (asTable && !needsNoData(panel.type))
    return <SheetTable sheet={panelSheet(panel, title, data.frames, isUtc)} summary={summaryOf(view)} />
  return Kind === undefined ? <Unsupported panel={panel} grafana={grafana} /> : <Kind {...view} />
}
