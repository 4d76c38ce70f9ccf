/** The layers, and what each may import. Pure libraries only along the arrows drawn in `pureArrows`. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  command: ['command', 'service', 'edge', 'adapter', 'pure', 'base'],
  service: ['edge', 'adapter', 'pure', 'base'],
  web: ['pure'],
  edge: ['pure', 'base'],
  adapter: ['pure', 'base'],
  pure: ['pure'],
  base: [],
  test: ['command', 'service', 'edge', 'adapter', 'pure', 'base', 'test'],
}

/** Pure imports that are allowed: from → to. */
export const pureArrows: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  promql: ['errors'],
  authz: ['errors', 'promql'],
  query: ['errors', 'promql'],
  audit: ['errors'],
}

/** The pure libraries a browser may load. */
export const browserSafe: readonly string[] = ['authz', 'promql', 'errors']

/** Packages from outside that a pure library may use. */
export const pureDependencies: readonly string[] = ['zod', '@casl/ability', 're2js']

/** A package of the workspace with its layer and the workspace packages it imports. */
export interface Project {
  readonly name: string
  readonly layer: string | undefined
  readonly imports: readonly string[]
}

const short = (name: string): string => name.replace('@gatehouse/', '')

/** Every import that points the wrong way, as a sentence; empty when the table holds. */
export function violations(projects: readonly Project[]): string[] {
  const byName = new Map(projects.map((project) => [project.name, project]))
  return projects.flatMap((from) => {
    const allowed = from.layer === undefined ? undefined : mayImport[from.layer]
    if (allowed === undefined) return [`${from.name} has no layer tag`]
    return from.imports.flatMap((name) => {
      const to = byName.get(name)
      return to === undefined ? [] : edgeViolation(from, to, allowed)
    })
  })
}

function edgeViolation(from: Project, to: Project, allowed: readonly string[]): string[] {
  const wrong = (why: string): string[] => [
    `${from.name} (${from.layer}) imports ${to.name} (${to.layer}): ${why}`,
  ]
  if (to.layer === undefined || !allowed.includes(to.layer)) return wrong('the layer may not')
  if (from.layer === 'pure' && !pureArrows[short(from.name)]?.includes(short(to.name)))
    return wrong('no such arrow')
  if (from.layer === 'web' && !browserSafe.includes(short(to.name))) return wrong('not browser-safe')
  return []
}
