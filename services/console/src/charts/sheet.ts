import { type Cell, fileName, saveText, toCsv } from './csv.ts'
import type { ChartSeries, Exemplar } from './series.ts'

/** What a chart or panel shows as rows and columns. */
export interface Sheet {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** The cell as people read it. */
  readonly textOf?: (cell: Cell, column: number) => string
}

/** Time series as a sheet: newest first for people, with ISO 8601 times. */
export function sheetOfSeries(
  title: string,
  times: readonly number[],
  series: readonly Pick<ChartSeries, 'name' | 'values'>[],
): Sheet {
  const rows = times.map((time, i) => [
    new Date(time * 1_000).toISOString(),
    ...series.map(({ values }) => values[i] ?? null),
  ])
  return { title, header: ['Time', ...series.map(({ name }) => name)], rows: rows.toReversed() }
}

/** Exemplars as a sheet, newest first. */
export function sheetOfExemplars(title: string, exemplars: readonly Exemplar[]): Sheet {
  const rows = exemplars
    .toSorted((a, b) => b.at - a.at)
    .map(({ at, value, text, series }) => [new Date(at * 1_000).toISOString(), value, text, series])
  return { title: `Exemplars of ${title}`, header: ['Time', 'Value', 'Exemplar', 'Series'], rows }
}

/** Saves a sheet as CSV. */
export function saveSheet({ title, header, rows }: Sheet): void {
  saveText(fileName(title, 'csv'), toCsv(header, rows), 'text/csv;charset=utf-8')
}
