import { authorize, type OrgPolicy } from '@gatehouse/authz'
import type { IssuerConfig } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import { hashSecret, newSecret, type RecognisedUser } from '@gatehouse/identity'
import {
  createProvisioningToken,
  listProvisioningTokens,
  type OrgTransaction,
  type ProvisioningToken,
  revokeProvisioningToken,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed, Changes } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { orgResource } from '../folders/resource.ts'
import { uidSchema } from '../folders/schemas.ts'
import { requireHeld, requireMappedTeamsHeld } from '../grants/holdings.ts'
import { provisioningTokenPrefix } from './provisioning.ts'

export interface ProvisioningTokenRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  readonly changes: Changes
  readonly issuers: readonly IssuerConfig[]
}

const dayMs = 86_400_000
/** What somebody does who has such a token pushed with. */
const needed = ['users:write', 'grants:create'] as const
const tokenSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  prefix: z.string(),
  issuer: z.string(),
  subjectFrom: z.enum(['externalId', 'userName']),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
})
const newTokenAnswer = tokenSchema.extend({ token: z.string() })
const newTokenSchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  issuer: z.string().describe('Name of a configured identity provider'),
  subjectFrom: tokenSchema.shape.subjectFrom
    .default('externalId')
    .describe('SCIM attribute that is `sub` in its tokens'),
  days: z.int().min(1).max(365).default(90),
})

function answerOf({
  createdAt,
  expiresAt,
  lastUsedAt,
  ...rest
}: ProvisioningToken): z.output<typeof tokenSchema> {
  return {
    ...rest,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    lastUsedAt: lastUsedAt === undefined ? null : new Date(lastUsedAt).toISOString(),
  }
}

/** `/api/v1/provisioning-tokens`: by which identity providers push people and groups; shown once, hashed, expiring. */
export function provisioningTokenRoutes(deps: ProvisioningTokenRouteDeps): readonly Route[] {
  const { permissions, policyOf, changes, issuers } = deps
  const permission = permissions.can('users:write', (principal) => Promise.resolve(orgResource(principal)))
  return [
    route({
      method: 'get',
      path: '/api/v1/provisioning-tokens',
      summary: 'Provisioning tokens that still work',
      action: 'provisioning-tokens:list',
      permission,
      params: nothing,
      query: z.strictObject(pageQuery),
      body: nothing,
      response: pageOf(tokenSchema),
      handler: async ({ caller, query }) => {
        const tokens = (await changes.read(caller.orgUid, listProvisioningTokens)).map(answerOf)
        return newestFirst(tokens, ({ createdAt, uid }) => [createdAt, uid], query)
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/provisioning-tokens',
      summary: 'Make a provisioning token; it is shown once',
      action: 'provisioning-tokens:create',
      permission,
      params: nothing,
      query: nothing,
      body: newTokenSchema,
      status: 201,
      requestHeaders: ['idempotency-key'],
      response: newTokenAnswer,
      handler: async (call) => {
        const { caller, body } = call
        const now = Date.now()
        // Whoever fills groups hands out all that teams hold, so it takes the right to grant, and just that to be held.
        const question = {
          principal: caller,
          action: 'grants:create',
          resource: orgResource(caller),
          now,
        } as const
        const decision = authorize(await policyOf(caller.orgUid), question)
        if (!decision.allowed) throw new GatehouseError('forbidden', decision.reason)
        const issuer = issuers.find(({ name }) => name === body.issuer)
        if (issuer === undefined)
          throw new GatehouseError('bad_data', 'body.issuer: no identity provider of that name is configured')
        const token = provisioningTokenPrefix + newSecret()
        const { name, subjectFrom, days } = body
        const work = async (tx: OrgTransaction): Promise<Changed<z.output<typeof newTokenAnswer>>> => {
          const giver = { principal: caller, now }
          await requireMappedTeamsHeld(tx, giver)
          // Nor for longer: a moment's admin is not to leave a token behind that goes on without them.
          const expiresAt = now + days * dayMs
          await requireHeld(tx, giver, {
            role: { permissions: needed.map((action) => ({ action, scope: '*' })) },
            place: orgResource(caller),
            constraints: [],
            expiresAt,
          })
          const made = await createProvisioningToken(tx, {
            name,
            prefix: token.slice(0, 20),
            issuer: issuer.issuer,
            subjectFrom,
            expiresAt,
            hash: hashSecret(token),
          })
          const detail = { ...answerOf(made) }
          const resource = { kind: 'provisioning-tokens', uid: made.uid }
          return { result: { ...answerOf(made), token }, note: { code: 'T001I', resource, detail } }
        }
        return createOnce(changes, call, { answer: newTokenAnswer, isSecret: true, work })
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/provisioning-tokens/:uid',
      summary: 'Revoke a provisioning token at once',
      action: 'provisioning-tokens:revoke',
      permission,
      params: z.strictObject({ uid: uidSchema }),
      query: nothing,
      body: nothing,
      response: nothing,
      handler: ({ params, trail }) =>
        changes.change(trail, async (tx) => {
          if (!(await revokeProvisioningToken(tx, params.uid)))
            throw new GatehouseError('not_found', 'there is no such token')
          return {
            result: {},
            note: { code: 'T002I', resource: { kind: 'provisioning-tokens', uid: params.uid } },
          }
        }),
    }),
  ]
}
