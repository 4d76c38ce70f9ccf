import { type ReactNode, useRef } from 'react'
import { useScrollable } from './use-scrollable.ts'

interface ScrollProps {
  /** What is in it, for whoever comes to it by keyboard. */
  readonly label: string
  readonly className: string
  readonly children: ReactNode
}

/** A list that scrolls within its room; by keyboard too. */
export function ScrollList({ label, className, children }: ScrollProps) {
  const list = useRef<HTMLUListElement>(null)
  const isScrollable = useScrollable(list)
  return (
    <ul
      ref={list}
      className={className}
      role="list"
      aria-label={label}
      {...(isScrollable && { tabIndex: 0 })}
    >
      {children}
    </ul>
  )
}

/** Anything that scrolls within its room; by keyboard too. */
export function ScrollBox({ label, className, children }: ScrollProps) {
  const box = useRef<HTMLDivElement>(null)
  const isScrollable = useScrollable(box)
  return (
    <div
      ref={box}
      className={className}
      {...(isScrollable && { tabIndex: 0, role: 'group', 'aria-label': label })}
    >
      {children}
    </div>
  )
}
