/** A series as Prometheus writes it: `up{job="api"}`. */
export function seriesText({ __name__: name = '', ...rest }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  if (pairs.length === 0) return name === '' ? '{}' : name
  return `${name}{${pairs.join(', ')}}`
}
