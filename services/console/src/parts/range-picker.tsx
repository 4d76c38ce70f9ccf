import { type FormEvent, useState } from 'react'
import { Button } from './button.tsx'
import { Disclosure } from './disclosure.tsx'
import { TextField } from './field.tsx'
import { Icon } from './icon.tsx'
import { commonRanges, type RangeText, rangeInWords, resolveRange, toLocalInput } from './time-range.ts'

interface RangePickerProps {
  readonly range: RangeText
  readonly onRange: (range: RangeText) => void
}

/** From and to as dates; ranges that move with the clock are among the common ones. */
function Exact({ range, onRange }: RangePickerProps) {
  const resolved = resolveRange(range, Date.now())
  const [from, setFrom] = useState(resolved === undefined ? '' : toLocalInput(resolved.start))
  const [to, setTo] = useState(resolved === undefined ? '' : toLocalInput(resolved.end))
  const [error, setError] = useState<string>()
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const [start, end] = [Date.parse(from), Date.parse(to)]
    if (Number.isNaN(start) || Number.isNaN(end)) setError('Give both a date and a time.')
    else if (start >= end) setError('The range must begin before it ends.')
    else onRange({ from: String(start), to: String(end) })
  }
  return (
    <form className="stack-tight" onSubmit={submit} noValidate>
      <TextField label="From" type="datetime-local" value={from} onText={setFrom} error={error} isSmall />
      <TextField label="To" type="datetime-local" value={to} onText={setTo} isSmall />
      <Button type="submit" isSmall>
        Use these times
      </Button>
    </form>
  )
}

/** Which time to look at. */
export function RangePicker({ range, onRange }: RangePickerProps) {
  return (
    <Disclosure
      className="range-picker"
      button={
        <>
          <Icon name="history" />
          <span className="visually-hidden">Time range: </span>
          {rangeInWords(range, Date.now())}
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
              {commonRanges.map(({ from, text }) => (
                <li key={from}>
                  <button
                    type="button"
                    className="menu-item"
                    aria-pressed={range.from === from && range.to === 'now'}
                    onClick={() => choose({ from, to: 'now' })}
                  >
                    {text}
                  </button>
                </li>
              ))}
            </ul>
            <Exact range={range} onRange={choose} />
          </div>
        )
      }}
    </Disclosure>
  )
}
