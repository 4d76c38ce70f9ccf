import { type RefObject, useEffect, useState } from 'react'

/** Whether a box has more in it than it shows, so that it must be a tab stop: nothing else scrolls it by keyboard. */
export function useScrollable(ref: RefObject<HTMLElement | null>): boolean {
  const [isScrollable, setScrollable] = useState(false)
  // After every change of what is in it: children that come later are watched, too.
  useEffect(() => {
    const element = ref.current
    if (element === null) return undefined
    const measure = (): void => setScrollable(isLarger(element))
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  })
  return isScrollable
}

function isLarger({ scrollHeight, scrollWidth, clientHeight, clientWidth }: HTMLElement): boolean {
  return scrollHeight > clientHeight + 1 || scrollWidth > clientWidth + 1
}
