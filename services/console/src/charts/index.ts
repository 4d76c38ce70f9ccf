export { cssColor, paletteColor, paletteDash } from './colours.ts'
export { type Cell, fileName, saveText, toCsv } from './csv.ts'
export type { PlotInput, ThresholdStyle } from './plot-model.ts'
export {
  alignSeries,
  type Annotation,
  type ChartSeries,
  type Exemplar,
  type RawSeries,
  type SeriesLook,
  type Threshold,
  type TimeSpan,
} from './series.ts'
export { saveSheet, type Sheet, sheetOfExemplars, sheetOfSeries } from './sheet.ts'
export { SheetTable } from './sheet-table.tsx'
export { factsOf, summarise, timeText } from './summary.ts'
export {
  type LegendSetting,
  sheetOfChart,
  TimeSeriesChart,
  type TimeSeriesChartProps,
} from './time-series-chart.tsx'
export { formatParts, formatValue } from './units.ts'
export { BarGauge, Gauge, type GaugeValue } from './gauge.tsx'
export { Heatmap, type HeatmapProps, heatmapSummary } from './heatmap.tsx'
export { Stat, type StatProps, type StatValue } from './stat.tsx'
export { ScrollBox, ScrollList } from './scroll-box.tsx'
