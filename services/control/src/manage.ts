import { authorize, isAction, type OrgPolicy, type Principal, type Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { Permissions } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { z } from 'zod'
import type { Changes } from './changes.ts'
import { uidSchema } from './features/folders/schemas.ts'

/** What routes over access settings are made of. */
export interface ManageDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  readonly changes: Changes
}

export const byUid = z.strictObject({ uid: uidSchema })
export const nameSchema = z.string().trim().min(1).max(200)

/** The caller's org as the resource of a decision. */
export function ownOrg({ orgUid }: Principal): Promise<Resource> {
  return Promise.resolve({ kind: 'org', uid: orgUid, orgUid })
}

/** What was looked for. @throws GatehouseError `not_found`, the same for another org's as for none. */
export function found<T>(thing: T | undefined, noun: string): T {
  if (thing === undefined) throw new GatehouseError('not_found', `there is no such ${noun}`)
  return thing
}

/** `search` of a list's query: only what has this in its uid or name, upper or lower case alike. */
export const searchQuery = {
  search: z.string().trim().max(200).default('').describe('Only those with this in their uid or name'),
}

/** The items of a list that a `search` finds. */
export function matching<T extends { readonly uid: string; readonly name: string }>(
  items: readonly T[],
  search: string,
): readonly T[] {
  const wanted = search.toLowerCase()
  return items.filter(({ uid, name }) => `${uid}\n${name}`.toLowerCase().includes(wanted))
}

/** Those of a list that the caller may do `action` to. */
export async function visible<T>(
  items: readonly T[],
  { policyOf }: Pick<ManageDeps, 'policyOf'>,
  ask: {
    readonly caller: Principal
    readonly action: string
    readonly resourceOf: (item: T) => Resource
  },
): Promise<readonly T[]> {
  const { caller: principal, action, resourceOf } = ask
  if (!isAction(action))
    throw new GatehouseError('internal', 'internal error', { detail: `no action ${action}` })
  const policy = await policyOf(principal.orgUid)
  const now = Date.now()
  return items.filter(
    (item) => authorize(policy, { principal, action, resource: resourceOf(item), now }).allowed,
  )
}
