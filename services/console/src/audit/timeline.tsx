import { type KeyboardEvent, type PointerEvent, useId, useRef, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Table } from '../parts/table.tsx'
import type { Range } from '../parts/time-range.ts'
import { type Bar, countsText, type Kind, kinds, kindWords, spanText, sumOf } from './timeline-model.ts'

interface TimelineProps {
  readonly bars: readonly Bar[]
  readonly isEstimate: boolean
  readonly onRange: (range: Range) => void
}

const height = 96
const width = 10

/** Which bars are chosen: from where the choice began to where it is now. */
interface Choice {
  readonly anchor: number
  readonly at: number
}

function Stack({ bar, index, most }: { readonly bar: Bar; readonly index: number; readonly most: number }) {
  let top = height
  return kinds.map((kind) => {
    const count = bar.counts[kind]
    if (count === 0) return null
    // What happened at all must be seen, however much else happened.
    const size = Math.max(2, (count / most) * height)
    top -= size
    return (
      <rect
        key={kind}
        className={`bar bar-${kind}`}
        x={index * width + 1}
        width={width - 2}
        y={Math.max(0, top)}
        height={size}
      />
    )
  })
}

function Legend() {
  return (
    <ul role="list" className="row small timeline-legend" aria-label="Colours of the bars">
      {kinds.map((kind: Kind) => (
        <li key={kind} className="row">
          <svg className="legend-mark" viewBox="0 0 12 12" aria-hidden="true">
            <rect className={`bar bar-${kind}`} width="12" height="12" />
          </svg>
          {kindWords[kind]}
        </li>
      ))}
    </ul>
  )
}

/** Stripes, so that what was refused is told apart without colours. */
function Stripes() {
  return (
    <svg className="visually-hidden" aria-hidden="true" width="0" height="0">
      <defs>
        <pattern id="denied" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="stripe-ground" width="4" height="4" />
          <rect className="stripe" width="1.5" height="4" />
        </pattern>
      </defs>
    </svg>
  )
}

const moves: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowRight: (at, last) => Math.min(last, at + 1),
  ArrowLeft: (at) => Math.max(0, at - 1),
  Home: () => 0,
  End: (_, last) => last,
}

function rangeOf(bars: readonly Bar[], { anchor, at }: Choice): Range | undefined {
  const [first, last] = [bars[Math.min(anchor, at)], bars[Math.max(anchor, at)]]
  return first === undefined || last === undefined ? undefined : { start: first.start, end: last.end }
}

/**
 * How many events of which kind happened when. Bars are chosen by dragging, or with the arrows (Shift for several) and Enter; the
 * time range beside it does the same with dates.
 */
export function Timeline({ bars, isEstimate, onRange }: TimelineProps) {
  const [choice, setChoice] = useState<Choice>()
  const [asTable, setAsTable] = useState(false)
  const dragging = useRef(false)
  const id = useId()
  const most = Math.max(1, ...bars.map(({ total }) => total))
  const isLong = bars.length > 0 && (bars.at(-1)?.end ?? 0) - (bars[0]?.start ?? 0) > 86_400_000
  const take = (chosen: Choice | undefined): void => {
    const range = chosen === undefined ? undefined : rangeOf(bars, chosen)
    setChoice(undefined)
    if (range !== undefined) onRange(range)
  }
  const indexAt = (event: PointerEvent<HTMLDivElement>): number => {
    const { left, width: size } = event.currentTarget.getBoundingClientRect()
    const index = Math.floor(((event.clientX - left) / size) * bars.length)
    return Math.max(0, Math.min(bars.length - 1, index))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = moves[event.key]?.(choice?.at ?? -1, bars.length - 1)
    if (at !== undefined) {
      event.preventDefault()
      setChoice({ anchor: event.shiftKey && choice !== undefined ? choice.anchor : at, at })
    } else if (event.key === 'Enter' && choice !== undefined) take(choice)
    else if (event.key === 'Escape' && choice !== undefined) setChoice(undefined)
  }
  const sum = sumOf(bars)
  const about = isEstimate ? 'about ' : ''
  const active = choice === undefined ? undefined : bars[choice.at]
  const isChosen = (i: number): boolean =>
    choice !== undefined && i >= Math.min(choice.anchor, choice.at) && i <= Math.max(choice.anchor, choice.at)
  return (
    <section className="card stack-tight" aria-label="When it happened">
      <div className="row row-apart">
        <p>
          <strong>
            {isEstimate ? '≈ ' : ''}
            {sum.total.toLocaleString('en-GB')}
          </strong>{' '}
          {sum.total === 1 ? 'event' : 'events'}: {about}
          {countsText(sum)}
        </p>
        <Button isSmall kind="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show bars' : 'Show as table'}
        </Button>
      </div>
      {asTable ? (
        <Table
          caption="Events over time"
          isCaptionHidden
          rows={bars.filter(({ total }) => total > 0)}
          rowKey={({ start }) => String(start)}
          onOpen={onRange}
          columns={[
            { id: 'span', title: 'Span', cell: (bar) => spanText(bar, isLong) },
            ...kinds.map((kind) => ({
              id: kind,
              title: kindWords[kind],
              isNumber: true,
              cell: (bar: Bar) => bar.counts[kind].toLocaleString('en-GB'),
            })),
          ]}
        />
      ) : (
        <>
          <Stripes />
          <div
            className="timeline"
            role="listbox"
            tabIndex={0}
            aria-label="Events over time. Arrows move, Shift and arrows choose several spans, Enter looks at them alone."
            aria-multiselectable="true"
            aria-activedescendant={choice === undefined ? undefined : `${id}-${choice.at}`}
            onKeyDown={onKeyDown}
            onBlur={() => setChoice(undefined)}
            onPointerDown={(event) => {
              if (event.button !== 0) return
              event.currentTarget.setPointerCapture(event.pointerId)
              dragging.current = true
              const at = indexAt(event)
              setChoice({ anchor: at, at })
            }}
            onPointerMove={(event) => {
              const at = indexAt(event)
              if (dragging.current) setChoice((old) => ({ anchor: old?.anchor ?? at, at }))
            }}
            onPointerUp={() => {
              if (dragging.current) take(choice)
              dragging.current = false
            }}
            onPointerCancel={() => {
              dragging.current = false
              setChoice(undefined)
            }}
          >
            <svg
              viewBox={`0 0 ${Math.max(1, bars.length) * width} ${height}`}
              preserveAspectRatio="none"
              aria-hidden="true"
            >
              {bars.map((bar, i) => (
                <g key={bar.start} className={isChosen(i) ? 'span span-chosen' : 'span'}>
                  <rect className="span-ground" x={i * width} width={width} y={0} height={height} />
                  <Stack bar={bar} index={i} most={most} />
                </g>
              ))}
            </svg>
            <div className="visually-hidden">
              {bars.map((bar, i) => (
                <div
                  key={bar.start}
                  id={`${id}-${i}`}
                  role="option"
                  aria-selected={isChosen(i)}
                  tabIndex={-1}
                >
                  {spanText(bar, isLong)}: {countsText(bar)}
                </div>
              ))}
            </div>
          </div>
          <div className="row row-apart small muted" aria-hidden="true">
            <span>{bars[0] === undefined ? '' : spanText(bars[0], true).split(' to ')[0]}</span>
            <span>
              {active === undefined
                ? 'Drag to look at a part'
                : `${spanText(active, isLong)}: ${countsText(active)}`}
            </span>
            <span>
              {bars.at(-1) === undefined
                ? ''
                : spanText(bars.at(-1) ?? { start: 0, end: 0 }, true).split(' to ')[1]}
            </span>
          </div>
          <Legend />
        </>
      )}
    </section>
  )
}
