import { useId } from 'react'
import type { Sheet } from './sheet.ts'

const mostRows = 200

/** A sheet as a table; long ones end with a word on the rest. */
export function SheetTable({
  sheet,
  summary,
}: {
  readonly sheet: Sheet
  readonly summary?: string | undefined
}) {
  const { title, header, rows, textOf = (cell) => (cell === null ? '–' : String(cell)) } = sheet
  const caption = useId()
  const rest = rows.length - mostRows
  return (
    <div className="chart-sheet">
      <p className="small" id={caption}>
        {summary ?? (title === '' ? 'All rows.' : `${title}.`)}
        {rest > 0 ? ` The newest ${mostRows} of ${rows.length} rows stand here; CSV has all of them.` : ''}
      </p>
      {/* What scrolls must be reachable by keyboard. */}
      <div className="table-scroll" tabIndex={0} role="region" aria-labelledby={caption}>
        <table className="table">
          <thead>
            <tr>
              {header.map((name, i) => (
                <th key={i} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, mostRows).map((row, i) => (
              <tr key={i}>
                {row.map((cell, column) => (
                  <td key={column} className={typeof cell === 'number' ? 'number' : undefined}>
                    {textOf(cell, column)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
