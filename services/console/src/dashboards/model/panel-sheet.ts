import { alignSeries, type Cell, formatValue, type Sheet, sheetOfSeries } from '../../charts/index.ts'
import { showValue } from './display.ts'
import type { Frame } from './frame.ts'
import type { Panel } from './panel.ts'
import { numbersOf, type ShownField, shownFields } from './shown-fields.ts'
import { dateText } from '../../parts/written-time.ts'

/** All a panel shows as rows and columns: series on common times, or its table. */
export function panelSheet(panel: Panel, title: string, frames: readonly Frame[], isUtc: boolean): Sheet {
  const fields = shownFields(frames, panel.fields)
  const isSeries =
    frames.length !== 1 || frames.every(({ fields: own }) => own.length === 2 && own[0]?.type === 'time')
  return isSeries ? seriesSheet(title, fields, isUtc) : tableSheet(title, fields, isUtc)
}

function seriesSheet(title: string, fields: readonly ShownField[], isUtc: boolean): Sheet {
  const series = fields.filter(({ field, times }) => field.type === 'number' && times !== undefined)
  const { times, values } = alignSeries(
    series.map(({ field, times: at = [] }) => ({
      times: at.map((t) => Number(t) / 1_000),
      values: numbersOf(field),
    })),
  )
  return {
    ...sheetOfSeries(
      title,
      times,
      series.map(({ name }, i) => ({ name, values: values[i] ?? [] })),
    ),
    textOf: (cell, column) => {
      if (column === 0) return dateText(Date.parse(String(cell)), isUtc)
      const { unit, decimals } = series[column - 1]?.config ?? {}
      return formatValue(typeof cell === 'number' ? cell : null, unit, decimals)
    },
  }
}

function tableSheet(title: string, fields: readonly ShownField[], isUtc: boolean): Sheet {
  const length = fields[0]?.field.values.length ?? 0
  const cell = ({ field }: ShownField, row: number): Cell => {
    const value = field.values[row] ?? null
    return field.type === 'time' && typeof value === 'number' ? new Date(value).toISOString() : value
  }
  return {
    title,
    header: fields.map(({ name }) => name),
    rows: Array.from({ length }, (_, row) => fields.map((field) => cell(field, row))),
    textOf: (value, column) => {
      const shown = fields[column]
      if (shown === undefined || value === null) return '–'
      return shown.field.type === 'time'
        ? dateText(Date.parse(String(value)), isUtc)
        : showValue(shown.config, value).text
    },
  }
}
