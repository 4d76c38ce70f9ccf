import './charts.css'
import './figures.css'
import { cssColor } from './colours.ts'
import { ScrollList } from './scroll-box.tsx'
import { sparkPaths } from './spark.ts'

/** One big number. */
export interface StatValue {
  readonly id: string
  readonly name: string
  readonly text: string
  /** A hue such as `--hue-red`; the text's own colour by default. */
  readonly color: string | undefined
  /** What the number stands at the end of, for the line behind it. */
  readonly trail?: readonly (number | null)[]
}

export interface StatProps {
  readonly title: string
  readonly values: readonly StatValue[]
  readonly showsNames: boolean
  readonly showsValues: boolean
  readonly coloring: 'none' | 'value' | 'background'
  readonly isColumn: boolean
}

function Trail({ values }: { readonly values: readonly (number | null)[] }) {
  const { line, area } = sparkPaths(values)
  if (line === '') return null
  return (
    <svg className="stat-trail" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <path d={area} className="stat-trail-area" />
      <path d={line} className="stat-trail-line" />
    </svg>
  )
}

/** Big numbers beside or below each other, as large as fits. */
export function Stat({ title, values, showsNames, showsValues, coloring, isColumn }: StatProps) {
  return (
    <ScrollList label={title} className={`stats${isColumn ? ' stats-column' : ''}`}>
      {values.map(({ id, name, text, color, trail }) => (
        <li
          key={id}
          className={`stat stat-${color === undefined ? 'none' : coloring}`}
          style={{
            '--hue': color === undefined ? undefined : cssColor(color),
            '--letters': Math.max(4, (showsValues ? text : name).length),
          }}
        >
          {trail === undefined ? null : <Trail values={trail} />}
          {showsNames ? <span className={showsValues ? 'stat-name' : 'stat-text'}>{name}</span> : null}
          {showsValues ? <span className="stat-text">{text}</span> : null}
        </li>
      ))}
    </ScrollList>
  )
}
