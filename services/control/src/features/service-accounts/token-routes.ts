import type { Principal, Resource, ServiceAccount } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import { hashSecret, newServiceAccountToken } from '@gatehouse/identity'
import {
  createToken,
  listManagedAccounts,
  listTokens,
  type OrgTransaction,
  revokeToken,
  type ServiceAccountToken,
  shortenToken,
} from '@gatehouse/store'
import { z } from 'zod'
import { createOnce } from '../../create-once.ts'
import { byUid, found, type ManageDeps, nameSchema, visible } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { requireAccountHeld } from '../grants/holdings.ts'
import { accountOf, accountResource, loadAccount } from './resource.ts'

const dayMs = 86_400_000
/** Longest life of a token, days. */
const maxDays = 90
/** What is kept and shown of a token. */
const prefixLength = 16

const tokenSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  prefix: z.string().describe('The first characters of the token'),
  sourceCidrs: z.array(z.string()),
  createdAt: z.string(),
  expiresAt: z.string(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
})
const newTokenSchema = tokenSchema.extend({ token: z.string().describe('Shown this once') })
const days = z.number().positive().max(maxDays).default(30).describe('How long it works')
const tokenBodySchema = z.strictObject({
  name: nameSchema,
  days,
  sourceCidrs: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .max(20)
    .default([])
    .describe('Networks it may be used from; none means any'),
})
const rotateSchema = z.strictObject({
  days,
  overlapSeconds: z
    .number()
    .int()
    .min(0)
    .max(604_800)
    .default(3_600)
    .describe('How long the old one still works'),
})
const byToken = byUid.extend({ token: uidSchema })

function isoOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

function answerOf(token: ServiceAccountToken): z.output<typeof tokenSchema> {
  const { uid, name, prefix, sourceCidrs, createdAt, expiresAt, revokedAt, lastUsedAt } = token
  return {
    uid,
    name,
    prefix,
    sourceCidrs: [...sourceCidrs],
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    revokedAt: isoOf(revokedAt),
    lastUsedAt: isoOf(lastUsedAt),
  }
}

async function loadToken(tx: OrgTransaction, account: string, uid: string): Promise<ServiceAccountToken> {
  return found(
    (await listTokens(tx, account)).find((token) => token.uid === uid),
    'token',
  )
}

interface Issue {
  readonly account: string
  readonly caller: Principal
  readonly body: { readonly name: string; readonly days: number; readonly sourceCidrs: readonly string[] }
}

/** Whoever has the token acts as the account, so they must hold what it holds. */
async function issue(
  tx: OrgTransaction,
  { account, caller, body }: Issue,
): Promise<z.output<typeof newTokenSchema>> {
  const now = Date.now()
  await requireAccountHeld(tx, { principal: caller, now }, await loadAccount(tx, account))
  const token = newServiceAccountToken()
  const stored = await createToken(tx, {
    serviceAccountUid: account,
    name: body.name,
    prefix: token.slice(0, prefixLength),
    hash: hashSecret(token),
    expiresAt: now + Math.round(body.days * dayMs),
    sourceCidrs: body.sourceCidrs,
  })
  return { ...answerOf(stored), token }
}

const listedTokenSchema = tokenSchema.extend({ serviceAccountUid: z.string() })

/** What ends soon and what nobody uses any more, over all service accounts one may see. */
function listAllRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/tokens',
    summary: 'Tokens that still work, of all service accounts I may see',
    action: 'tokens:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject({
      ...pageQuery,
      expiresWithin: z.coerce
        .number()
        .min(0)
        .max(maxDays)
        .default(maxDays)
        .describe('Only those that end in so many days'),
    }),
    body: nothing,
    response: pageOf(listedTokenSchema),
    handler: async ({ caller, query }) => {
      const { orgUid } = caller
      const [accounts, tokens] = await changes.read(orgUid, async (tx) => [
        await listManagedAccounts(tx),
        await listTokens(tx),
      ])
      const resourceOf = (account: ServiceAccount): Resource => accountResource(account, orgUid)
      const shown = await visible(
        accounts,
        { policyOf },
        { caller, action: 'serviceaccounts:read', resourceOf },
      )
      const known = new Set(shown.map(({ uid }) => uid))
      const [now, until] = [Date.now(), Date.now() + query.expiresWithin * dayMs]
      const working = tokens.filter(
        ({ serviceAccountUid, revokedAt, expiresAt }) =>
          known.has(serviceAccountUid) && revokedAt === undefined && expiresAt > now && expiresAt <= until,
      )
      const { items, next } = paginate(
        working,
        ({ uid, expiresAt }) => `${new Date(expiresAt).toISOString()} ${uid}`,
        query,
      )
      return {
        items: items.map((token) => ({ ...answerOf(token), serviceAccountUid: token.serviceAccountUid })),
        next,
      }
    },
  })
}

function listRoute(deps: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/service-accounts/:uid/tokens',
    summary: 'Tokens of a service account, without their secrets',
    action: 'tokens:list',
    permission: deps.permissions.can('serviceaccounts:read', accountOf(deps)),
    params: byUid,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(tokenSchema),
    handler: async ({ caller, params, query }) => {
      const all = await deps.changes.read(caller.orgUid, (tx) => listTokens(tx, params.uid))
      const { items, next } = paginate(all, ({ uid }) => uid, query)
      return { items: items.map(answerOf), next }
    },
  })
}

function createRoute(deps: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/service-accounts/:uid/tokens',
    summary: 'Make a token; it is shown once',
    action: 'tokens:create',
    permission: deps.permissions.can('serviceaccounts:write', accountOf(deps)),
    params: byUid,
    query: nothing,
    body: tokenBodySchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: newTokenSchema,
    handler: (call) =>
      createOnce(deps.changes, call, {
        answer: newTokenSchema,
        isSecret: true,
        work: async (tx) => {
          const { caller, body, params } = call
          const result = await issue(tx, { account: params.uid, caller, body })
          const { token: _secret, ...detail } = result
          const resource = { kind: 'tokens', uid: result.uid }
          return {
            result,
            note: { code: 'T001I', resource, detail: { serviceAccount: params.uid, ...detail } },
          }
        },
      }),
  })
}

function rotateRoute(deps: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/service-accounts/:uid/tokens/:token/rotate',
    summary: 'Make a token in place of another, which works on for the overlap',
    action: 'tokens:rotate',
    permission: deps.permissions.can('serviceaccounts:write', accountOf(deps)),
    params: byToken,
    query: nothing,
    body: rotateSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: newTokenSchema,
    handler: (call) =>
      createOnce(deps.changes, call, {
        answer: newTokenSchema,
        isSecret: true,
        work: async (tx) => {
          const { caller, params, body } = call
          const old = await loadToken(tx, params.uid, params.token)
          if (!(await shortenToken(tx, old.uid, Date.now() + body.overlapSeconds * 1_000)))
            throw new GatehouseError('conflict', 'the token was revoked or has ended')
          const { name, sourceCidrs } = old
          const wanted = { name, sourceCidrs, days: body.days }
          const result = await issue(tx, { account: params.uid, caller, body: wanted })
          const { uid, expiresAt } = result
          const detail = { serviceAccount: params.uid, replaces: old.uid, ...body, expiresAt }
          return { result, note: { code: 'T004I', resource: { kind: 'tokens', uid }, detail } }
        },
      }),
  })
}

function revokeRoute(deps: ManageDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/service-accounts/:uid/tokens/:token',
    summary: 'Revoke a token at once',
    action: 'tokens:revoke',
    permission: deps.permissions.can('serviceaccounts:write', accountOf(deps)),
    params: byToken,
    query: nothing,
    body: nothing,
    response: nothing,
    handler: ({ params, trail }) =>
      deps.changes.change(trail, async (tx) => {
        const { uid } = await loadToken(tx, params.uid, params.token)
        await revokeToken(tx, uid)
        const resource = { kind: 'tokens', uid }
        return { result: {}, note: { code: 'T002I', resource, detail: { serviceAccount: params.uid } } }
      }),
  })
}

/** `/api/v1/service-accounts/:uid/tokens`, and `/api/v1/tokens` over all of them. */
export function tokenRoutes(deps: ManageDeps): readonly Route[] {
  return [listAllRoute(deps), listRoute(deps), createRoute(deps), rotateRoute(deps), revokeRoute(deps)]
}
