import { Icon } from './icon.tsx'

export interface Chip {
  readonly id: string
  /** What it says, `Decision: denied`. */
  readonly text: string
}

/** Filters in force, each with a way to take it away. */
export function Chips({
  label,
  chips,
  onRemove,
}: {
  readonly label: string
  readonly chips: readonly Chip[]
  readonly onRemove: (id: string) => void
}) {
  if (chips.length === 0) return null
  return (
    <ul role="list" className="chips" aria-label={label}>
      {chips.map(({ id, text }) => (
        <li key={id} className="chip">
          <span>{text}</span>
          <button type="button" className="chip-remove" onClick={() => onRemove(id)}>
            <Icon name="close" />
            <span className="visually-hidden">Remove {text}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** A short state in words with a colour that repeats it. */
export function Badge({
  kind = 'plain',
  children,
}: {
  readonly kind?: 'plain' | 'good' | 'caution' | 'danger'
  readonly children: string
}) {
  return <span className={`badge badge-${kind}`}>{children}</span>
}
