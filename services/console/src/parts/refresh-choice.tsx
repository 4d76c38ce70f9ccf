import { Button } from './button.tsx'
import { Select } from './field.tsx'
import { Icon } from './icon.tsx'

const choices = [
  { value: '', text: 'No auto-refresh' },
  { value: '10', text: 'Every 10 s' },
  { value: '30', text: 'Every 30 s' },
  { value: '60', text: 'Every minute' },
  { value: '300', text: 'Every 5 minutes' },
]

interface RefreshChoiceProps {
  /** Seconds; undefined for never. */
  readonly every: number | undefined
  readonly onEvery: (every: number | undefined) => void
  readonly onNow: () => void
  readonly isBusy?: boolean
}

/** Reading again: now, by itself, or (the first choice) paused. */
export function RefreshChoice({ every, onEvery, onNow, isBusy = false }: RefreshChoiceProps) {
  return (
    <div className="joined">
      <Button isSmall onClick={onNow} isBusy={isBusy}>
        <Icon name="refresh" />
        <span className="visually-hidden">Refresh now</span>
      </Button>
      <Select
        label="Auto-refresh"
        isLabelHidden
        isSmall
        value={every === undefined ? '' : String(every)}
        onText={(value) => onEvery(value === '' ? undefined : Number(value))}
        options={choices}
      />
    </div>
  )
}
