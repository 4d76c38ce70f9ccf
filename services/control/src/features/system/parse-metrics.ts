/** One line of Prometheus's text format. */
export interface MetricLine {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

function unescape(value: string): string {
  return value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

/** The samples of a page of metrics; comments and what does not parse are left out. */
export function parseMetrics(text: string): MetricLine[] {
  return text.split('\n').flatMap((row) => {
    const [, name, labels = '', value] = line.exec(row) ?? []
    if (name === undefined || value === undefined) return []
    const pairs = [...labels.matchAll(label)].map(([, key = '', raw = '']) => [key, unescape(raw)] as const)
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }]
  })
}
