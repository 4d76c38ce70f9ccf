import { type ReactNode, useRef } from 'react'
import { useScrollable } from './use-scrollable.ts'

/** A list that scrolls within its room; by keyboard too. */
export function ScrollList({
  className,
  children,
}: {
  readonly className: string
  readonly children: ReactNode
}) {
  const list = useRef<HTMLUListElement>(null)
  return (
    <ul ref={list} className={className} role="list" tabIndex={useScrollable(list)}>
      {children}
    </ul>
  )
}

/** Anything that scrolls within its room; by keyboard too. */
export function ScrollBox({
  className,
  children,
}: {
  readonly className: string
  readonly children: ReactNode
}) {
  const box = useRef<HTMLDivElement>(null)
  return (
    <div ref={box} className={className} tabIndex={useScrollable(box)}>
      {children}
    </div>
  )
}
