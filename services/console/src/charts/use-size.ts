import { type RefObject, useLayoutEffect, useState } from 'react'

/** The inner size of an element in whole pixels; 0 × 0 before it is laid out. */
export function useSize(ref: RefObject<HTMLElement | null>): {
  readonly width: number
  readonly height: number
} {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return undefined
    const measure = (): void => {
      const [width, height] = [element.clientWidth, element.clientHeight]
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return size
}
