/** One place where two JSON values differ; a member that is not there is left out. */
export interface JsonDifference {
  /** JSON Pointer (RFC 6901). */
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}

const maxDifferences = 1_000

function isContainer(value: unknown): value is Record<string, unknown> | unknown[] {
  return typeof value === 'object' && value !== null
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Where `after` differs from `before`, outermost first, at most 1,000 places. Array elements are compared by position. */
export function diffJson(before: unknown, after: unknown): readonly JsonDifference[] {
  const found: JsonDifference[] = []
  const compare = (path: string, a: unknown, b: unknown): void => {
    if (found.length >= maxDifferences || Object.is(a, b)) return
    if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
      found.push({
        path,
        ...(a === undefined ? {} : { before: a }),
        ...(b === undefined ? {} : { after: b }),
      })
      return
    }
    const left = new Map(Object.entries(a))
    const right = new Map(Object.entries(b))
    for (const key of new Set([...left.keys(), ...right.keys()]))
      compare(`${path}/${escape(key)}`, left.get(key), right.get(key))
  }
  compare('', before, after)
  return found
}
