import { type RefObject, useEffect, useRef, useState } from 'react'

/** Height of a row of a long table, px; `--row` in the style sheet says the same. */
export const rowHeight = 37
const spare = 12

/** Which of `count` rows to draw, and the room to leave for the others, px. */
export interface Window {
  readonly box: RefObject<HTMLDivElement | null>
  readonly from: number
  readonly until: number
  readonly before: number
  readonly after: number
}

/** Rows of `count` that a box of `height` px scrolled to `top` px shows, with some to spare on both sides. */
export function rowsInView(count: number, top: number, height: number): { from: number; until: number } {
  const from = Math.max(0, Math.min(Math.floor(top / rowHeight) - spare, count - 1))
  const until = Math.min(count, Math.ceil((top + height) / rowHeight) + spare)
  return { from, until }
}

/** Follows the scrolling of a long table. A short one is drawn whole. */
export function useWindow(count: number, isLong: boolean): Window {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 640 })
  const isWindowed = isLong && count > 100
  useEffect(() => {
    const element = box.current
    if (element === null || !isWindowed) return undefined
    const look = (): void => setView({ top: element.scrollTop, height: element.clientHeight })
    look()
    element.addEventListener('scroll', look, { passive: true })
    return () => element.removeEventListener('scroll', look)
  }, [isWindowed])
  if (!isWindowed) return { box, from: 0, until: count, before: 0, after: 0 }
  const { from, until } = rowsInView(count, view.top, view.height)
  return { box, from, until, before: from * rowHeight, after: (count - until) * rowHeight }
}
