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
import { createOnce } from '../../create-once.ts'
import { byUid, found, type ManageDeps, ownOrg } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag, requireMatch } from '../../preconditions.ts'
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

function noted(uid: string, detail: Record<string, unknown>) {
  return { code: 'A019I', resource: { kind: 'guardrails', uid }, detail } as const
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
          return { result: guardrail, note: noted(guardrail.uid, { after: guardrail }) }
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
      handler: ({ params: { uid }, body, trail, request, setHeader }) =>
        changes.change(trail, async (tx) => {
          const before = await load(tx, uid)
          requireMatch(request, before)
          const result = { uid, selector: body.selector, reason: body.reason }
          await updateGuardrail(tx, result)
          setHeader('etag', contentEtag(result))
          return { result, note: noted(uid, { before, after: result }) }
        }),
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Delete a guardrail; what it hid is seen again by who has a grant',
      action: 'guardrails:delete',
      body: nothing,
      response: nothing,
      handler: ({ params: { uid }, trail, request }) =>
        changes.change(trail, async (tx) => {
          const before = await load(tx, uid)
          requireMatch(request, before)
          await deleteGuardrail(tx, uid)
          return { result: {}, note: noted(uid, { before }) }
        }),
    }),
  ]
}

/** `/api/v1/guardrails`: selectors of series that no role shows. */
export function guardrailRoutes(deps: ManageDeps): readonly Route[] {
  return [...listRoutes(deps), createRoute(deps), ...changeRoutes(deps)]
}
