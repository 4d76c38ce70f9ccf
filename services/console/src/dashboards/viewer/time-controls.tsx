import { type FormEvent, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Disclosure } from '../../parts/disclosure.tsx'
import { Select, TextField } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { movedRange, quickRanges, rangeText, resolveRange, type TimeRange } from '../model/time-range.ts'
import { durationMs } from '../../parts/written-time.ts'
import type { RangeText } from '../../parts/time-range.ts'

interface TimePickerProps {
  readonly raw: RangeText
  readonly range: TimeRange
  readonly isUtc: boolean
  readonly onRange: (range: RangeText) => void
}

/** From and to as they are written: `now-6h`, `now/d`, or a date and time. */
function Written({ raw, isUtc, onRange }: Omit<TimePickerProps, 'range'>) {
  const [from, setFrom] = useState(raw.from)
  const [to, setTo] = useState(raw.to)
  const [error, setError] = useState<string>()
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (resolveRange({ from, to }, { now: Date.now(), isUtc }) === undefined)
      setError('Write times such as now-6h, now/d or 2026-02-03 14:00, the earlier one first.')
    else onRange({ from: from.trim(), to: to.trim() })
  }
  return (
    <form className="stack-tight" onSubmit={submit} noValidate>
      <TextField label="From" value={from} onText={setFrom} error={error} isSmall />
      <TextField label="To" value={to} onText={setTo} isSmall />
      <Button type="submit" isSmall>
        Use these times
      </Button>
      <p className="small muted">Times are {isUtc ? 'UTC' : 'in your own zone'}.</p>
    </form>
  )
}

const moves = [
  { how: 'earlier', sign: '←', text: 'Earlier by half' },
  { how: 'in', sign: '+', text: 'Zoom in' },
  { how: 'out', sign: '−', text: 'Zoom out' },
  { how: 'later', sign: '→', text: 'Later by half' },
] as const

/** Which time is shown, and the buttons that do what brushing a chart does. */
export function TimePicker({ raw, range, isUtc, onRange }: TimePickerProps) {
  return (
    <>
      <Disclosure
        className="range-picker"
        button={
          <>
            <Icon name="history" />
            <span className="visually-hidden">Time range: </span>
            {rangeText(raw, isUtc)}
            <Icon name="down" />
          </>
        }
      >
        {(close) => {
          const choose = (next: RangeText): void => {
            onRange(next)
            close()
          }
          return (
            <div className="range-choices">
              <ul role="list" className="menu">
                {quickRanges.map(({ from, to, name }) => (
                  <li key={name}>
                    <button
                      type="button"
                      className="menu-item"
                      aria-pressed={raw.from === from && raw.to === to}
                      onClick={() => choose({ from, to })}
                    >
                      {name}
                    </button>
                  </li>
                ))}
              </ul>
              <Written raw={raw} isUtc={isUtc} onRange={choose} />
            </div>
          )
        }}
      </Disclosure>
      <div className="board-moves" role="group" aria-label="Move the time range">
        {moves.map(({ how, sign, text }) => (
          <Button
            key={how}
            isSmall
            className="button-icon"
            title={text}
            onClick={() => {
              const next = movedRange(range, how)
              onRange({ from: String(next.from), to: String(next.to) })
            }}
          >
            <span aria-hidden="true">{sign}</span>
            <span className="visually-hidden">{text}</span>
          </Button>
        ))}
      </div>
    </>
  )
}

const intervals = ['', '10s', '30s', '1m', '5m', '15m', '1h']

/** A duration of the address in milliseconds; undefined for none. Never faster than five seconds. */
export function refreshMs(refresh: string): number | undefined {
  const ms = refresh === 'auto' ? 30_000 : durationMs(refresh)
  return ms === undefined ? undefined : Math.max(5_000, ms)
}

/** Reading again: now, by itself, or paused. */
export function RefreshControl({
  refresh,
  isPaused,
  onRefresh,
  onNow,
  onPause,
}: {
  readonly refresh: string
  readonly isPaused: boolean
  readonly onRefresh: (refresh: string) => void
  readonly onNow: () => void
  readonly onPause: () => void
}) {
  const known = intervals.includes(refresh) ? intervals : [...intervals, refresh]
  return (
    <div className="board-moves">
      <div className="joined">
        <Button isSmall onClick={onNow} title="Refresh now">
          <Icon name="refresh" />
          <span className="visually-hidden">Refresh now</span>
        </Button>
        <Select
          label="Auto-refresh"
          isLabelHidden
          isSmall
          value={refresh}
          onText={onRefresh}
          options={known.map((value) => ({
            value,
            text: value === '' ? 'No auto-refresh' : `Every ${value}`,
          }))}
        />
      </div>
      {refreshMs(refresh) === undefined ? null : (
        <Button isSmall onClick={onPause} aria-pressed={isPaused}>
          <Icon name={isPaused ? 'play' : 'pause'} />
          {isPaused ? 'Resume' : 'Pause'}
        </Button>
      )}
    </div>
  )
}
