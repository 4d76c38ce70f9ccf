/** Parameters of a path, by name. */
export type Params = Readonly<Record<string, string>>

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/**
 * Parameters of `path` if it fits `pattern`, undefined if not. `/a/:b` takes one segment, `/a/*` the rest (possibly none) as `rest`.
 *
 * @example matchPath('/dashboards/:uid', '/dashboards/x%2Fy') // { uid: 'x/y' }
 */
export function matchPath(pattern: string, path: string): Params | undefined {
  const wanted = pattern.split('/').filter((part) => part !== '')
  const given = path.split('/').filter((part) => part !== '')
  const params: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    if (part === '*') return { ...params, rest: given.slice(i).join('/') }
    const value = decode(given[i] ?? '')
    if (value === undefined || value === '') return undefined
    if (part.startsWith(':')) params[part.slice(1)] = value
    else if (part !== value) return undefined
  }
  return given.length === wanted.length ? params : undefined
}
