import { mentions } from './interpolate.ts'
import type { Variable } from './variable.ts'

/** Names of the variables of the dashboard on which this one's options depend. */
export function dependencies(variable: Variable, all: readonly Variable[]): readonly string[] {
  const text = [variable.query, variable.regex, variable.dataSource?.uid ?? ''].join('\n')
  const names = new Set(mentions(text))
  return all.filter(({ name }) => name !== variable.name && names.has(name)).map(({ name }) => name)
}

/** Variables so that each comes after those it depends on; where they go in a circle, in their own order. */
export function inOrder(variables: readonly Variable[]): readonly Variable[] {
  const byName = new Map(variables.map((variable) => [variable.name, variable]))
  const done = new Set<string>()
  const ordered: Variable[] = []
  const visit = (variable: Variable, path: readonly string[]): void => {
    if (done.has(variable.name)) return
    for (const name of dependencies(variable, variables)) {
      const needed = byName.get(name)
      if (needed !== undefined && !path.includes(name)) visit(needed, [...path, name])
    }
    if (done.has(variable.name)) return
    done.add(variable.name)
    ordered.push(variable)
  }
  for (const variable of variables) visit(variable, [variable.name])
  return ordered
}

/** Names of everything whose options depend on this variable, directly or not. */
export function dependents(name: string, variables: readonly Variable[]): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (parent: string): void => {
    for (const variable of variables) {
      if (found.has(variable.name) || !dependencies(variable, variables).includes(parent)) continue
      found.add(variable.name)
      visit(variable.name)
    }
  }
  visit(name)
  return found
}
