/** Light, dark, or as the system says. */
export type Theme = 'system' | 'light' | 'dark'

const key = 'gatehouse.theme'

/** The chosen theme; what cannot be read counts as the system's. */
export function readTheme(): Theme {
  try {
    const value = localStorage.getItem(key)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

/** Fired at the window when another theme was chosen, for what draws on a canvas. */
export const themeEvent = 'gatehouse:theme'

/** Puts a theme in force and remembers it on this machine. */
export function setTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
  try {
    localStorage.setItem(key, theme)
  } catch {
    // Without storage it holds for this page only.
  }
  window.dispatchEvent(new Event(themeEvent))
}
