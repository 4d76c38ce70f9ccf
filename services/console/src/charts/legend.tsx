import { useId } from 'react'
import { cssColor } from './colours.ts'
import type { DrawnSeries } from './plot-model.ts'

/** A column of numbers in a legend. */
export interface LegendColumn {
  readonly title: string
  readonly textOf: (series: DrawnSeries) => string
  readonly valueOf: (series: DrawnSeries) => number | undefined
}

export interface LegendProps {
  readonly drawn: readonly DrawnSeries[]
  readonly columns: readonly LegendColumn[]
  readonly asTable: boolean
  readonly sort?: { readonly title: string; readonly descending: boolean } | undefined
  readonly onToggle: (id: string) => void
  readonly onEmphasise: (id: string | undefined) => void
}

/** A piece of the line as it is drawn. */
export function Swatch({ color, dash }: { readonly color: string; readonly dash: readonly number[] }) {
  return (
    <svg
      className="chart-swatch"
      viewBox="0 0 18 8"
      aria-hidden="true"
      style={{ '--swatch': cssColor(color) }}
    >
      <line x1="0" y1="4" x2="18" y2="4" {...(dash.length > 0 ? { strokeDasharray: dash.join(' ') } : {})} />
    </svg>
  )
}

function Item({
  one,
  text,
  props,
}: {
  readonly one: DrawnSeries
  readonly text?: string
  readonly props: LegendProps
}) {
  const { onToggle, onEmphasise } = props
  return (
    <button
      type="button"
      className="legend-item"
      aria-pressed={!one.hidden}
      title={one.name}
      onClick={() => onToggle(one.id)}
      onPointerEnter={() => onEmphasise(one.id)}
      onPointerLeave={() => onEmphasise(undefined)}
      onFocus={() => onEmphasise(one.id)}
      onBlur={() => onEmphasise(undefined)}
    >
      <Swatch color={one.color} dash={one.dash} />
      <span>
        {one.name}
        {text}
      </span>
    </button>
  )
}

function sorted({ drawn, columns, sort }: LegendProps): readonly DrawnSeries[] {
  const column = columns.find(({ title }) => title === sort?.title)
  if (column === undefined) return drawn
  const sign = sort?.descending === true ? -1 : 1
  const valueOf = (one: DrawnSeries): number => column.valueOf(one) ?? Number.NEGATIVE_INFINITY
  return drawn.toSorted((a, b) => sign * (valueOf(a) - valueOf(b)))
}

/** Which line is which: a button for each series that shows or hides it. */
export function Legend(props: LegendProps) {
  const { columns, asTable } = props
  const label = useId()
  const series = sorted(props)
  if (!asTable)
    return (
      <ul className="legend" aria-label="Series: show or hide">
        {series.map((one) => (
          <li key={one.id}>
            <Item
              one={one}
              text={columns.map((c) => `  ${c.title}: ${c.textOf(one)}`).join('')}
              props={props}
            />
          </li>
        ))}
      </ul>
    )
  return (
    // A table that scrolls must be reachable by keyboard; its buttons are.
    <div className="legend-table-wrap">
      <span id={label} className="visually-hidden">
        Series: show or hide
      </span>
      <table className="legend-table" aria-labelledby={label}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            {columns.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <Item one={one} props={props} />
              </th>
              {columns.map((column) => (
                <td key={column.title}>{column.textOf(one)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
