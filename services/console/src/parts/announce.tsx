import { useSyncExternalStore } from 'react'

interface Message {
  readonly id: number
  readonly text: string
}

let messages: readonly Message[] = []
let next = 0
const listeners = new Set<() => void>()
const visibleMs = 6_000

function set(value: readonly Message[]): void {
  messages = value
  for (const listener of listeners) listener()
}

/** Says something for a few seconds, also to screen readers. Never the only copy of an error. */
export function announce(text: string): void {
  const message = { id: next++, text }
  set([...messages.slice(-2), message])
  setTimeout(() => set(messages.filter(({ id }) => id !== message.id)), visibleMs)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Where announcements appear; once, in the shell. */
export function Announcements() {
  const shown = useSyncExternalStore(subscribe, () => messages)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <p key={id} className="toast">
          {text}
        </p>
      ))}
    </div>
  )
}
