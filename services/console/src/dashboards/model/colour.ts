const named: Readonly<Record<string, string>> = {
  green: '--hue-green',
  yellow: '--hue-yellow',
  orange: '--hue-orange',
  red: '--hue-red',
  blue: '--hue-blue',
  purple: '--hue-purple',
  grey: '--hue-grey',
  gray: '--hue-grey',
  greens: '--hue-green',
  reds: '--hue-red',
  blues: '--hue-blue',
  purples: '--hue-purple',
}

/**
 * The console's hue for a colour of a dashboard: a name of Grafana's such as `semi-dark-red`, `#rrggbb` or `rgb()`. Dashboards choose
 * their colours for one background; the hues can be read on both. Undefined for the text's own colour.
 */
export function hueOf(color: string): string | undefined {
  const text = color.trim().toLowerCase()
  if (text === 'text' || text === 'transparent' || text === 'white' || text === 'black') return undefined
  const name = text.replace(/^(super-light|semi-dark|light|dark)-/, '')
  if (Object.hasOwn(named, name)) return named[name]
  const channels = channelsOf(text)
  return channels === undefined ? '--hue-blue' : nearestHue(channels)
}

function channelsOf(text: string): readonly [number, number, number] | undefined {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?$/.exec(text)?.[1]
  if (hex !== undefined) {
    const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex
    const part = (at: number): number => Number.parseInt(full.slice(at, at + 2), 16)
    return [part(0), part(2), part(4)]
  }
  const [r, g, b] = (/^rgba?\(([^)]+)\)$/.exec(text)?.[1] ?? '').split(/[\s,/]+/).map(Number)
  return r === undefined || g === undefined || b === undefined ? undefined : [r, g, b]
}

const angles: readonly (readonly [until: number, hue: string])[] = [
  [14, '--hue-red'],
  [40, '--hue-orange'],
  [70, '--hue-yellow'],
  [175, '--hue-green'],
  [255, '--hue-blue'],
  [320, '--hue-purple'],
  [361, '--hue-red'],
]

function nearestHue([r, g, b]: readonly [number, number, number]): string {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)]
  const spread = most - least
  if (spread < 30) return '--hue-grey'
  const sixth =
    most === r ? ((g - b) / spread + 6) % 6 : most === g ? (b - r) / spread + 2 : (r - g) / spread + 4
  return angles.find(([until]) => sixth * 60 < until)?.[1] ?? '--hue-red'
}
