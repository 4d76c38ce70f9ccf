import { type ReactNode, useCallback, useMemo, useState } from 'react'
import '../dashboards.css'
import { useRefresh } from '../../parts/use-refresh.ts'
import { type SearchChange, useSearchState } from '../../router/location.ts'
import type { Asking } from '../data/context.ts'
import { AskingProvider, sourceOf } from '../data/context.ts'
import { filtersOf } from '../model/adhoc.ts'
import type { AnnotationQuery, Board } from '../model/board.ts'
import { mentions } from '../model/interpolate.ts'
import { layOut } from '../model/layout.ts'
import type { Panel } from '../model/panel.ts'
import { resolveRange } from '../model/time-range.ts'
import type { RangeText } from '../../parts/time-range.ts'
import { readAddress } from '../model/url-state.ts'
import { addressOfAll, emptyVariables, valuesOf } from '../model/variable-values.ts'
import type { PanelPage } from '../panels/panel-card.tsx'
import { BoardGrid } from './grid.tsx'
import { Links } from './links.tsx'
import { RefreshControl, refreshMs, TimePicker } from './time-controls.tsx'
import { runnable, useAnnotations } from './use-annotations.ts'
import { useVariables } from './use-variables.ts'
import { VariableBar } from './variable-bar.tsx'

interface BoardViewProps {
  readonly board: Board
  readonly asking: Asking
  /** What stands at the end of the tools: what else can be done. */
  readonly actions?: ReactNode
  readonly grafanaOf: PanelPage['grafanaOf']
}

/** The state that stands in the address, with the dashboard's own where it has none. */
function useAddress(board: Board) {
  const [search, change] = useSearchState()
  const text = search.toString()
  return useMemo(() => {
    const address = readAddress(text)
    const { range = board.time, refresh = board.refresh } = address
    return {
      ...address,
      raw: range,
      refresh: refresh === 'off' ? '' : refresh,
      change: (next: SearchChange) => change(next),
    }
  }, [text, board, change])
}

function Annotations({
  queries,
  off,
  onToggle,
}: {
  readonly queries: readonly AnnotationQuery[]
  readonly off: ReadonlySet<string>
  readonly onToggle: (name: string) => void
}) {
  const shown = queries.filter(({ hidden }) => !hidden)
  if (shown.length === 0) return null
  return (
    <fieldset className="choices board-annotations">
      <legend className="visually-hidden">Annotations</legend>
      {shown.map(({ name }) => (
        <label key={name}>
          <input type="checkbox" checked={!off.has(name)} onChange={() => onToggle(name)} />
          {name}
        </label>
      ))}
    </fieldset>
  )
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** Annotations that are switched off, and how to switch one. */
function useSwitched(board: Board) {
  const [off, setOff] = useState<ReadonlySet<string>>(
    () => new Set(board.annotations.filter(({ enabled }) => !enabled).map(({ name }) => name)),
  )
  const toggle = useCallback((name: string): void => {
    setOff((old) => {
      const next = new Set(old)
      if (!next.delete(name)) next.add(name)
      return next
    })
  }, [])
  return [off, toggle] as const
}

/** The time range at this moment, again with each refresh. */
function useClock({ isUtc }: Board, raw: RangeText, refresh: string) {
  const [now, setNow] = useState(Date.now)
  const [isPaused, setPaused] = useState(false)
  const read = useCallback(() => setNow(Date.now()), [])
  useRefresh(isPaused ? undefined : refreshMs(refresh), read)
  const range = useMemo(
    () => resolveRange(raw, { now, isUtc }) ?? { from: now - 21_600_000, to: now },
    [raw.from, raw.to, now, isUtc],
  )
  return { now, range, isPaused, read, onPause: () => setPaused(!isPaused) }
}

/** What the address, the clock, the variables and the annotations make of a dashboard. */
function useBoard({ board, asking, grafanaOf }: BoardViewProps) {
  const { raw, refresh, wanted, viewPanel, change } = useAddress(board)
  const clockwork = useClock(board, raw, refresh)
  const { range, read } = clockwork
  const [off, onToggle] = useSwitched(board)
  const states = useVariables(board, wanted, { asking, range })
  const values = useMemo(() => valuesOf(states ?? [], range), [states, range])
  const empty = useMemo(() => emptyVariables(states ?? []), [states])
  const queries = useMemo(() => runnable(board.annotations), [board])
  const asked = queries.filter(
    ({ name, expr }) => !off.has(name) && !mentions(expr).some((one) => empty.has(one)),
  )
  const isReady = states !== undefined
  const filters = useMemo(
    () => filtersOf(states ?? [], values, (uid) => sourceOf(asking, uid)),
    [states, values, asking],
  )
  const { annotations, errors } = useAnnotations(asked, asking, { values, range, filters, isReady })
  const rows = useMemo(() => layOut(board, states ?? [], values), [board, states, values])
  const onRange = (next: RangeText): void => {
    read()
    change({ from: next.from, to: next.to })
  }
  const page: PanelPage = {
    values,
    range,
    rawRange: raw,
    variables: addressOfAll(states ?? []),
    empty,
    filters,
    isReady,
    annotations,
    grafanaOf,
    isUtc: board.isUtc,
    syncKey: board.sharesCursor ? 'board' : undefined,
    onZoom: (from, to) =>
      onRange({ from: String(Math.round(from * 1_000)), to: String(Math.round(to * 1_000)) }),
    onView: (panel: Panel | undefined) =>
      change({ viewPanel: panel === undefined ? undefined : String(panel.id) }),
    viewed: viewPanel,
  }
  return {
    ...clockwork,
    raw,
    refresh,
    states: states ?? [],
    rows,
    page,
    queries,
    off,
    onToggle,
    onRange,
    change,
    errors,
  }
}

/** A dashboard with its time, variables, annotations, links and panels. */
export function BoardView(props: BoardViewProps) {
  const { board, asking, actions } = props
  const shown = useBoard(props)
  const { change, page, range, errors } = shown
  return (
    <AskingProvider value={asking}>
      <div className="board-tools">
        <VariableBar
          states={shown.states}
          values={page.values}
          range={range}
          onChoose={(name, chosen) => change({ [`var-${name}`]: chosen })}
        />
        <div className="board-time">
          <TimePicker raw={shown.raw} range={range} isUtc={board.isUtc} onRange={shown.onRange} />
          <RefreshControl
            refresh={shown.refresh}
            isPaused={shown.isPaused}
            onRefresh={(next) => change({ refresh: next === '' ? 'off' : next })}
            onNow={shown.read}
            onPause={shown.onPause}
          />
          {actions}
        </div>
      </div>
      <div className="board-under row">
        <Annotations queries={shown.queries} off={shown.off} onToggle={shown.onToggle} />
        <Links links={board.links} page={page} />
        {/* At most once a minute: the text changes with it. */}
        <p className="small muted board-updated" role="status">
          Updated {clock.format(shown.now)}
        </p>
      </div>
      {errors.length > 0 ? (
        <p className="panel-word small" role="alert">
          Annotations could not be read. {errors.join(' ')}
        </p>
      ) : null}
      <BoardGrid rows={shown.rows} page={page} />
    </AskingProvider>
  )
}
