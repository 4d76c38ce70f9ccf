import { useEffect } from 'react'

/** Calls `refresh` every `every` ms, not while the page is hidden; once it is shown again, at once if one was missed. */
export function useRefresh(every: number | undefined, refresh: () => void): void {
  useEffect(() => {
    if (every === undefined) return undefined
    let wasMissed = false
    const tick = (): void => {
      if (document.hidden) wasMissed = true
      else refresh()
    }
    const onShown = (): void => {
      if (document.hidden || !wasMissed) return
      wasMissed = false
      refresh()
    }
    const timer = setInterval(tick, every)
    document.addEventListener('visibilitychange', onShown)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', onShown)
    }
  }, [every, refresh])
}
