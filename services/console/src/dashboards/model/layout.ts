import type { Board, BoardRow } from './board.ts'
import { interpolate, type Values, type VariableValue } from './interpolate.ts'
import type { GridPlace, Panel } from './panel.ts'
import type { VariableState } from './variable-values.ts'
import { allValueMark } from './variable.ts'

/** A panel as it stands on the page: repeated ones have one value of their variable. */
export interface LaidPanel {
  readonly panel: Panel
  /** Values that hold for this panel alone. */
  readonly scope: Values
}

/** A row as it stands on the page. */
export interface LaidRow {
  readonly row: BoardRow
  readonly title: string | undefined
  readonly panels: readonly LaidPanel[]
}

/** The values a variable repeats over: those chosen, or all options for "all". */
function repeated(name: string, states: readonly VariableState[]): readonly VariableValue[] | undefined {
  const state = states.find(({ variable }) => variable.name === name)
  if (state === undefined) return undefined
  const { chosen, options, variable } = state
  const values = chosen.includes(allValueMark) ? options.map(({ value }) => value) : chosen
  return values.map((value) => ({
    value,
    text: options.find((option) => option.value === value)?.text ?? value,
    isRegex: variable.multi || variable.includeAll,
  }))
}

/** Rows and panels with their repetitions. A repeated variable without values stands once, as it is. */
export function layOut(
  { rows }: Pick<Board, 'rows'>,
  states: readonly VariableState[],
  values: Values,
): readonly LaidRow[] {
  return rows.flatMap((row): readonly LaidRow[] => {
    const over = row.repeat === undefined ? undefined : repeated(row.repeat, states)
    const scopes: readonly Values[] =
      over === undefined || over.length === 0
        ? [new Map<string, VariableValue>()]
        : over.map((value) => new Map([[row.repeat ?? '', value]]))
    return scopes.map((scope, i) => {
      const all = new Map([...values, ...scope])
      const key = i === 0 ? row.key : `${row.key}-${i}`
      return {
        row: { ...row, key },
        title: row.title === undefined ? undefined : interpolate(row.title, all, 'text'),
        panels: settle(layPanels(row.panels, states, scope)).map(({ panel, scope: own }) => ({
          panel: i === 0 ? panel : { ...panel, key: `${panel.key}-row-${i}` },
          scope: own,
        })),
      }
    })
  })
}

function overlap(a: GridPlace, b: GridPlace): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/** Panels as Grafana's grid settles them: each as high as it can stand, and below what is already where it wants to be. */
function settle(panels: readonly LaidPanel[]): readonly LaidPanel[] {
  const settled: LaidPanel[] = []
  const inOrder = panels.toSorted(
    ({ panel: { place: a } }, { panel: { place: b } }) => a.y - b.y || a.x - b.x,
  )
  for (const one of inOrder) {
    const { place } = one.panel
    const inTheWay = (y: number): GridPlace | undefined =>
      settled.map(({ panel }) => panel.place).find((other) => overlap({ ...place, y }, other))
    const bottom = Math.max(0, ...settled.map(({ panel }) => panel.place.y + panel.place.h))
    let y = Math.min(place.y, bottom)
    while (y > 0 && inTheWay(y) === undefined) y -= 1
    for (let other = inTheWay(y); other !== undefined; other = inTheWay(y)) y = other.y + other.h
    settled.push({ ...one, panel: { ...one.panel, place: { ...place, y: Math.max(0, y) } } })
  }
  return settled
}

function layPanels(
  panels: readonly Panel[],
  states: readonly VariableState[],
  scope: Values,
): readonly LaidPanel[] {
  const laid: LaidPanel[] = []
  let shift = 0
  for (const panel of panels) {
    const moved = { ...panel, place: { ...panel.place, y: panel.place.y + shift } }
    const over =
      panel.repeat === undefined || scope.has(panel.repeat) ? undefined : repeated(panel.repeat, states)
    if (over === undefined || over.length === 0) {
      laid.push({ panel: moved, scope })
      continue
    }
    laid.push(...copies(moved, over, scope))
    const last = laid.at(-1)?.panel.place
    // What stands below makes room for the copies.
    if (last !== undefined) shift += last.y + last.h - (moved.place.y + moved.place.h)
  }
  return laid
}

function copies(panel: Panel, over: readonly VariableValue[], scope: Values): readonly LaidPanel[] {
  const { place, repeatDirection, maxPerRow } = panel
  const across = repeatDirection === 'v' ? 1 : Math.min(over.length, Math.max(1, maxPerRow))
  const w = repeatDirection === 'v' ? place.w : Math.floor(24 / across)
  return over.map((value, i) => ({
    panel: {
      ...panel,
      key: i === 0 ? panel.key : `${panel.key}-${i}`,
      place: {
        w,
        h: place.h,
        x: repeatDirection === 'v' ? place.x : (i % across) * w,
        y: place.y + Math.floor(i / across) * place.h,
      },
    },
    scope: new Map([...scope, [panel.repeat ?? '', value]]),
  }))
}
