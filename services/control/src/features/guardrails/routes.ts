import { randomUUID } from 'node:crypto'
import { nothing, type Route, route } from '@gatehouse/http'
import {
  createGuardrail,
  deleteGuardrail,
  listWrittenGuardrails,
  type OrgTransaction,
  updateGuardrail,
  type WrittenGuardrail,
} from '@gatehouse/store'
import { z } from 'zod'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import { createOnce } from '../../create-once.ts'
import { byUid, found, type ManageDeps, ownOrg } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { uidSchema } from '../folders/schemas.ts'
import { selectorSchema } from '../grants/schemas.ts'

const settings = {
  selector: selectorSchema.describe('Series that match it are shown to nobody of the org'),
  reason: z.string().trim().min(1).max(500),
}
const guardrailSchema = z.strictObject({ uid: z.string(), selector: z.string(), reason: z.string() })
const newGuardrailSchema = z.strictObject({
  uid: uidSchema.optional().describe('Default: made up'),
  ...settings,
})

async function load(tx: OrgTransaction, uid: string): Promise<WrittenGuardrail> {
  const { selector, reason } = found(
    (await listWrittenGuardrails(tx)).find((guardrail) => guardrail.uid === uid),
    'guardrail',
  )
  return { uid, selector, reason }
}

function named(uid: string) {
  return { code: 'A019I', resource: { kind: 'guardrails', uid } } as const
}

function listRoutes({ permissions, changes }: ManageDeps): readonly Route[] {
  const common = { method: 'get', body: nothing } as const
  return [
    route({
      ...common,
      path: '/api/v1/guardrails',
      summary: 'Selectors no role overrides',
      action: 'guardrails:list',
      permission: permissions.can('guardrails:read', ownOrg),
      params: nothing,
      query: z.strictObject(pageQuery),
      response: pageOf(guardrailSchema),
      handler: async ({ caller, query }) => {
        const all = await changes.read(caller.orgUid, listWrittenGuardrails)
        const { items, next } = paginate(all, ({ uid }) => uid, query)
        return { items: [...items], next }
      },
    }),
    route({
      ...common,
      path: '/api/v1/guardrails/:uid',
      summary: 'A guardrail',
      action: 'guardrails:read',
      permission: permissions.can('guardrails:read', ownOrg),
      params: byUid,
      query: nothing,
      response: guardrailSchema,
      handler: async ({ caller, params, setHeader }) => {
        const guardrail = await changes.read(caller.orgUid, (tx) => load(tx, params.uid))
        setHeader('etag', contentEtag(guardrail))
        return guardrail
      },
    }),
  ]
}

function createRoute({ permissions, changes }: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/guardrails',
    summary: 'Hide series from everybody of the org',
    action: 'guardrails:create',
    permission: permissions.can('guardrails:write', ownOrg),
    params: nothing,
    query: nothing,
    body: newGuardrailSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: guardrailSchema,
    handler: (call) =>
      createOnce(changes, call, {
        answer: guardrailSchema,
        work: async (tx) => {
          const guardrail = { ...call.body, uid: call.body.uid ?? randomUUID() }
          await createGuardrail(tx, guardrail)
          return { result: guardrail, note: { ...named(guardrail.uid), detail: { after: guardrail } } }
        },
      }),
  })
}

function changeRoutes({ permissions, changes }: ManageDeps): readonly Route[] {
  const common = {
    path: '/api/v1/guardrails/:uid',
    permission: permissions.can('guardrails:write', ownOrg),
    params: byUid,
    query: nothing,
    requestHeaders: ['if-match'],
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Change a guardrail',
      action: 'guardrails:write',
      body: z.strictObject(settings),
      response: guardrailSchema,
      handler: (call) => {
        const { uid } = call.params
        return replaceMatched(changes, call, {
          ...named(uid),
          load: (tx) => load(tx, uid),
          work: async (tx) => {
            const after = { uid, selector: call.body.selector, reason: call.body.reason }
            await updateGuardrail(tx, after)
            return after
          },
        })
      },
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Delete a guardrail; what it hid is seen again by who has a grant',
      action: 'guardrails:delete',
      body: nothing,
      response: nothing,
      handler: (call) => {
        const { uid } = call.params
        return deleteMatched(changes, call, {
          ...named(uid),
          load: (tx) => load(tx, uid),
          work: (tx) => deleteGuardrail(tx, uid),
        })
      },
    }),
  ]
}

/** `/api/v1/guardrails`: selectors of series that no role shows. */
export function guardrailRoutes(deps: ManageDeps): readonly Route[] {
  return [...listRoutes(deps), createRoute(deps), ...changeRoutes(deps)]
}
