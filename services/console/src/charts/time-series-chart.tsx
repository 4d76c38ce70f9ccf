import { useMemo, useState } from 'react'
import './charts.css'
import { Legend, type LegendColumn } from './legend.tsx'
import { Plot } from './plot.tsx'
import { type DrawnSeries, drawnSeries, type PlotInput } from './plot-model.ts'
import { type Sheet, sheetOfSeries, saveSheet } from './sheet.ts'
import { SheetTable } from './sheet-table.tsx'
import { summarise } from './summary.ts'
import { formatValue } from './units.ts'

/** How the legend stands beside a chart. */
export interface LegendSetting {
  readonly place: 'bottom' | 'right' | 'none'
  readonly asTable?: boolean
  /** Numbers beside each name. */
  readonly calcs?: readonly {
    readonly title: string
    readonly of: (values: readonly (number | null)[]) => number | null
  }[]
  readonly sort?: { readonly title: string; readonly descending: boolean }
}

export interface TimeSeriesChartProps {
  readonly title: string
  readonly input: PlotInput
  readonly legend?: LegendSetting
  /** Pixels; the room there is by default. */
  readonly height?: number
  /** Called with Unix seconds when a range is brushed. Give inputs or buttons for the same elsewhere on the page. */
  readonly onZoom?: (from: number, to: number) => void
  /** Whether the samples stand as a table; the chart has its own switch by default. */
  readonly view?: 'chart' | 'table'
}

function columnsOf({ calcs = [] }: LegendSetting, { unit, decimals }: PlotInput): LegendColumn[] {
  return calcs.map(({ title, of }) => ({
    title,
    valueOf: (one: DrawnSeries) => of(one.own) ?? undefined,
    textOf: ({ own, look }: DrawnSeries) =>
      formatValue(of(own), look.unit ?? unit, look.decimals ?? decimals),
  }))
}

const bottom: LegendSetting = { place: 'bottom' }

/** The sheet of a time series chart. */
export function sheetOfChart(title: string, { times, series, unit, decimals, isUtc }: PlotInput): Sheet {
  const time = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'short',
    timeStyle: 'medium',
    ...(isUtc === true ? { timeZone: 'UTC' } : {}),
  })
  return {
    ...sheetOfSeries(title, times, series),
    textOf: (cell, column) => {
      if (column === 0) return time.format(new Date(String(cell)))
      const look = series[column - 1]?.look
      return formatValue(
        typeof cell === 'number' ? cell : null,
        look?.unit ?? unit,
        look?.decimals ?? decimals,
      )
    },
  }
}

/**
 * Time series on a canvas with a legend of buttons, a summary in words, a table of the samples and a download.
 * `input` should be the same object as long as nothing changed.
 */
export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const { title, input, view, height, onZoom, legend = bottom } = props
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const [emphasised, setEmphasised] = useState<string | undefined>()
  const [ownView, setOwnView] = useState<'chart' | 'table'>('chart')
  const drawn = useMemo(() => drawnSeries(input.series, hidden), [input.series, hidden])
  const summary = useMemo(() => summarise({ ...input, title }), [input, title])
  const toggle = (id: string): void =>
    setHidden((old) => {
      const next = new Set(old)
      if (!next.delete(id)) next.add(id)
      return next
    })
  const shown =
    (view ?? ownView) === 'table' ? (
      <SheetTable sheet={sheetOfChart(title, input)} summary={summary} />
    ) : (
      <div
        className={`chart${legend.place === 'right' && drawn.length > 0 ? ' chart-right' : ''}${height === undefined ? '' : ' chart-fixed'}`}
      >
        <Plot {...{ input, drawn, summary, height, emphasised, onZoom }} />
        {legend.place === 'none' || drawn.length === 0 ? null : (
          <Legend
            drawn={drawn}
            columns={columnsOf(legend, input)}
            asTable={legend.asTable ?? false}
            sort={legend.sort}
            onToggle={toggle}
            onEmphasise={setEmphasised}
          />
        )}
      </div>
    )
  if (view !== undefined) return shown
  return (
    <div className="stack-tight">
      {shown}
      <div className="chart-actions">
        <button
          type="button"
          className="button button-small"
          aria-pressed={ownView === 'table'}
          onClick={() => setOwnView(ownView === 'chart' ? 'table' : 'chart')}
        >
          Table of samples
        </button>
        <button
          type="button"
          className="button button-small"
          onClick={() => saveSheet(sheetOfChart(title, input))}
        >
          Download CSV
        </button>
      </div>
    </div>
  )
}
