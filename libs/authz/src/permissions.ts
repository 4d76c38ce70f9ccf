import type { ResourceKind } from './model.ts'
import { type Action, permissionTable } from './permissions.gen.ts'

const actions: ReadonlySet<string> = new Set(Object.keys(permissionTable))

/** Whether `text` is an action of the closed vocabulary. */
export function isAction(text: string): text is Action {
  return actions.has(text)
}

/** Kinds of resource an action is checked against. */
export function kindsOf(action: Action): readonly ResourceKind[] {
  return permissionTable[action].on
}

/** Whether the answer to this action holds series, so that its decision carries constraints. */
export function readsSeries(action: Action): boolean {
  return permissionTable[action].data
}

/** Whether the platform org may do this to other orgs. */
export function isForPlatform(action: Action): boolean {
  return permissionTable[action].platform
}
