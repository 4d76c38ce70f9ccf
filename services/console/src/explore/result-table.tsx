import { fileName, saveText, toCsv } from '../charts/csv.ts'
import { BreakableText } from '../parts/breakable-text.tsx'
import { Button } from '../parts/button.tsx'
import { seriesText } from '../parts/series-text.ts'
import { type Column, Table } from '../parts/table.tsx'
import type { Labels, Result, ResultSeries } from './answers.ts'

const mostLabels = 10

/** Labels of a result: those that all its series share with one value, and those that tell them apart, the metric's name first. */
export interface LabelSplit {
  readonly shared: Labels
  readonly apart: readonly string[]
}

/** Splits the labels of a result. A single series has nothing to be told apart from, so all its labels stand in its row. */
export function splitLabels(series: readonly ResultSeries[]): LabelSplit {
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))]
  const first = series[0]?.labels ?? {}
  const isShared = (name: string): boolean =>
    series.length > 1 && series.every(({ labels }) => labels[name] === first[name])
  const apart = names
    .filter((name) => !isShared(name))
    .toSorted((a, b) => (a === '__name__' ? -1 : b === '__name__' ? 1 : a.localeCompare(b)))
  return { shared: Object.fromEntries(Object.entries(first).filter(([name]) => isShared(name))), apart }
}

function valueOf({ samples }: ResultSeries): string {
  return samples.at(-1)?.[1] ?? '–'
}

/** A number to read: whole ones with their thousands apart, others to six digits; what is no number stays as it is. */
export function readable(text: string): string {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) return text
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toPrecision(6)
  return new Intl.NumberFormat(
    'en-GB',
    Number.isInteger(value) ? {} : { maximumSignificantDigits: 6 },
  ).format(value)
}

function columnsOf(result: Result, labels: readonly string[]): Column<ResultSeries>[] {
  const value: Column<ResultSeries> = {
    id: 'value',
    title: 'Value',
    isNumber: true,
    cell: (row) => <span title={valueOf(row)}>{readable(valueOf(row))}</span>,
    sortBy: (row) => (Number.isNaN(Number(valueOf(row))) ? valueOf(row) : Number(valueOf(row))),
  }
  if (labels.length === 0 || labels.length > mostLabels)
    return [
      {
        id: 'series',
        title: 'Series',
        cell: (row) => (
          <span className="mono">
            <BreakableText text={result.type === 'scalar' ? 'scalar' : seriesText(row.labels)} />
          </span>
        ),
        sortBy: (row) => seriesText(row.labels),
      },
      value,
    ]
  const named = labels.map((name) => ({
    id: name,
    title: name === '__name__' ? 'metric' : name,
    cell: (row: ResultSeries) => row.labels[name] ?? <span className="muted">–</span>,
    sortBy: (row: ResultSeries) => row.labels[name] ?? '',
  }))
  return [...named, value]
}

function save(result: Result, name: string): void {
  const labels = [...new Set(result.series.flatMap((series) => Object.keys(series.labels)))]
  const rows = result.series.map((series) => [
    ...labels.map((label) => series.labels[label] ?? ''),
    series.samples.at(-1)?.[1] ?? '',
  ])
  saveText(fileName(name, 'csv'), toCsv([...labels, 'value'], rows), 'text/csv')
}

/** The series of an instant query with their values. */
export function ResultTable({ result, name }: { readonly result: Result; readonly name: string }) {
  const { shared, apart } = splitLabels(result.series)
  const sharedText = seriesText(shared)
  return (
    <div className="stack-tight result-table">
      {sharedText !== '{}' && (
        <p className="small">
          <span className="muted">All of them are</span>{' '}
          <code>
            <BreakableText text={sharedText} />
          </code>
        </p>
      )}
      <Table
        caption="Series and their values"
        isCaptionHidden
        columns={columnsOf(result, apart)}
        rows={result.series}
        rowKey={({ labels }) => JSON.stringify(labels)}
        isLong={result.series.length > 100}
      />
      <div>
        <Button isSmall onClick={() => save(result, name)}>
          Download CSV
        </Button>
      </div>
    </div>
  )
}
