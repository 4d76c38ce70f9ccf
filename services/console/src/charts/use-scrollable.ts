import { type RefObject, useEffect, useState } from 'react'

/** A tab stop for a box that scrolls and holds nothing to focus; none as long as everything fits. */
export function useScrollable(ref: RefObject<HTMLElement | null>): 0 | undefined {
  const [isScrollable, setScrollable] = useState(false)
  useEffect(() => {
    const element = ref.current
    if (element === null) return undefined
    const measure = (): void => setScrollable(element.scrollHeight > element.clientHeight + 1)
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    measure()
    return () => observer.disconnect()
  }, [ref])
  return isScrollable ? 0 : undefined
}
