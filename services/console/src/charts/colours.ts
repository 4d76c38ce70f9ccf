import { useSyncExternalStore } from 'react'

/** How many `--series-…` tokens there are. */
const paletteSize = 8
/** Dash and gap lengths by a series' position: colour never tells series apart alone. */
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]]

/** The palette's colour for the series at a position. */
export function paletteColor(index: number): string {
  return `--series-${(index % paletteSize) + 1}`
}

/** The palette's dash for the series at a position; colours and dashes together repeat after 32. */
export function paletteDash(index: number): readonly number[] {
  return dashes[(index + Math.floor(index / paletteSize)) % dashes.length] ?? []
}

/** A colour as a CSS value: custom properties are wrapped in `var()`. */
export function cssColor(color: string): string {
  return color.startsWith('--') ? `var(${color})` : color
}

/** Resolves CSS colours as they are here and now (theme, forced colours) for a canvas. */
export function createColorResolver(host: HTMLElement): (color: string) => string {
  const probe = document.createElement('span')
  probe.hidden = true
  host.append(probe)
  const known = new Map<string, string>()
  const resolve = (color: string): string => {
    const found = known.get(color)
    if (found !== undefined) return found
    probe.style.color = ''
    probe.style.color = cssColor(color)
    const resolved = getComputedStyle(probe).color
    known.set(color, resolved)
    return resolved
  }
  // After the first drawing, which uPlot does in a microtask of its own and which asks for the colours of marks.
  requestAnimationFrame(() => probe.remove())
  return resolve
}

const queries = ['(prefers-color-scheme: dark)', '(forced-colors: active)']

function subscribe(changed: () => void): () => void {
  const lists = queries.map((query) => matchMedia(query))
  for (const list of lists) list.addEventListener('change', changed)
  // A theme chosen by hand is an attribute of the page.
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributes: true })
  return () => {
    observer.disconnect()
    for (const list of lists) list.removeEventListener('change', changed)
  }
}

function themeNow(): string {
  const { colorScheme } = getComputedStyle(document.documentElement)
  return `${colorScheme} ${queries.map((query) => matchMedia(query).matches).join(' ')}`
}

/** A text that changes with the theme: what is drawn on a canvas is drawn anew then. */
export function useTheme(): string {
  return useSyncExternalStore(subscribe, themeNow)
}
