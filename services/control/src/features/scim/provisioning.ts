import type { IncomingMessage } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import type { Permission, PermissionDeps, Person } from '@gatehouse/http'
import { hashSecret } from '@gatehouse/identity'
import type { Provisioner } from '@gatehouse/store'
import { z } from 'zod'
import type { Changes } from '../../changes.ts'

/** Starts every provisioning token, so that secret scanners recognise one. */
export const provisioningTokenPrefix = 'gatehouse_scim_'

export interface ScimRouteDeps {
  readonly changes: Changes
  readonly provisioner: Permission<Provisioner>
  /** Where identity providers reach this API, without a trailing slash. */
  readonly baseUrl: string
}

function tokenOf(request: IncomingMessage): string | undefined {
  const all = request.headersDistinct['authorization'] ?? []
  const match = all.length === 1 ? /^Bearer (gatehouse_scim_[A-Za-z0-9_-]{43})$/i.exec(all[0] ?? '') : null
  return match?.[1]
}

export interface ProvisionerDeps extends Pick<PermissionDeps<Person>, 'count'> {
  /** The token with this hash, if it may be used now. */
  readonly findProvisioner: (hash: string) => Promise<Provisioner | undefined>
}

/** Admits requests with a provisioning token; they act in the token's org and nowhere else. */
export function provisionerPermission({ findProvisioner, count }: ProvisionerDeps): Permission<Provisioner> {
  return {
    name: 'provisioning-token',
    async admit(request, _input, trail) {
      const token = tokenOf(request)
      const found = token === undefined ? undefined : await findProvisioner(hashSecret(token))
      if (found === undefined) throw new GatehouseError('unauthenticated', 'the credentials are not valid')
      trail.orgUid = found.orgUid
      trail.actor = {
        kind: 'service-account',
        uid: found.uid,
        name: found.name,
        teams: [],
        identity: undefined,
        credential: { kind: 'token', id: found.uid },
      }
      count({ kind: 'service-account', uid: found.uid, orgUid: found.orgUid })
      return found
    },
  }
}

/** Query parameters of lists and single resources; what is not known is ignored, as the protocol says. */
export const scimQuery = z.object({
  filter: z.string().max(1_000).optional(),
  startIndex: z.coerce.number().int().default(1),
  count: z.coerce.number().int().default(100),
  excludedAttributes: z.string().max(500).default(''),
})

/** The part of a list that is asked for: `startIndex` counts from 1, values out of bounds become the nearest (RFC 7644 3.4.2.4). */
export function sliceOf({ startIndex, count }: z.output<typeof scimQuery>): {
  offset: number
  limit: number
} {
  return { offset: Math.max(1, startIndex) - 1, limit: Math.min(200, Math.max(0, count)) }
}
