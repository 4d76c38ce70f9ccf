import { randomUUID } from 'node:crypto'
import { type AccessDocument, parseAccessDocument } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import {
  attachRehearsal,
  beginRehearsal,
  findRehearsal,
  hashDocument,
  listRehearsals,
  type OrgTransaction,
  type RehearsalRecord,
  rehearsalReportSchema,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed, Changes } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { orgResource } from '../folders/resource.ts'
import { uidSchema } from '../folders/schemas.ts'
import { createRehearsalRunner, type Rehearse } from './run.ts'

export interface RehearsalRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly changes: Changes
  readonly rehearse: Rehearse
}

const dayMs = 86_400_000
const byUid = z.strictObject({ uid: uidSchema })
const summarySchema = z.strictObject({
  uid: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  progress: z.number().describe('Share of the period that was looked at, 0 to 1'),
  requests: z.number().describe('Requests found in it'),
  failure: z.string().nullable(),
  since: z.string(),
  until: z.string(),
  documentSha256: z.string().describe('Of what the document declares'),
  createdBy: z.string(),
  createdAt: z.string(),
  attachedTo: z.array(z.strictObject({ change: z.string(), by: z.string(), at: z.string() })),
})
const recordSchema = summarySchema.extend({
  report: rehearsalReportSchema.nullable().describe('Once it is done'),
})
const proposalSchema = z.strictObject({
  document: z.unknown().describe('Access document of the caller’s org, as JSON'),
  days: z.number().positive().max(92).default(7).describe('How far back requests are looked at'),
})

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function summaryOf(record: RehearsalRecord): z.output<typeof summarySchema> {
  const { uid, state, progress, requests, failure, documentSha256, createdBy, attachedTo } = record
  return {
    uid,
    state,
    progress,
    requests,
    failure: failure ?? null,
    since: timeOf(record.since),
    until: timeOf(record.until),
    documentSha256,
    createdBy,
    createdAt: timeOf(record.createdAt),
    attachedTo: attachedTo.map(({ at, ...rest }) => ({ ...rest, at: timeOf(at) })),
  }
}

function answerOf(record: RehearsalRecord): z.output<typeof recordSchema> {
  const report = record.state === 'done' ? rehearsalReportSchema.parse(record.report) : null
  return { ...summaryOf(record), report }
}

/** Another org's document is refused before anything is asked of the store, the same as one that does not exist. */
function documentOf(value: unknown, orgUid: string): AccessDocument {
  const document = parseAccessDocument(value)
  const [org] = document.orgs
  if (document.orgs.length !== 1 || org?.uid !== orgUid)
    throw new GatehouseError('bad_data', 'body.document: must declare your org and no other')
  return document
}

function found(record: RehearsalRecord | undefined): RehearsalRecord {
  if (record === undefined) throw new GatehouseError('not_found', 'there is no such rehearsal')
  return record
}

function permissionOf({ permissions }: RehearsalRouteDeps) {
  return permissions.can('access:explain', (principal) => Promise.resolve(orgResource(principal)))
}

function createRoute(deps: RehearsalRouteDeps): Route {
  const { changes, rehearse } = deps
  const runner = createRehearsalRunner(changes, rehearse)
  return route({
    method: 'post',
    path: '/api/v1/access/rehearsals',
    summary:
      'Begin to try a proposed access document on the requests of the last days; then read how far it is',
    action: 'rehearsals:create',
    permission: permissionOf(deps),
    params: nothing,
    query: nothing,
    body: proposalSchema,
    status: 202,
    requestHeaders: ['idempotency-key'],
    maxBodyBytes: 1_000_000,
    response: recordSchema,
    handler: async (call) => {
      const { caller, body, trail, setHeader } = call
      const { orgUid } = caller
      const document = documentOf(body.document, orgUid)
      const documentSha256 = hashDocument(document)
      const now = Date.now()
      const period = { since: now - Math.round(body.days * dayMs), until: now, now }
      const uid = randomUUID()
      let isNew = false
      try {
        const work = async (tx: OrgTransaction): Promise<Changed<z.output<typeof recordSchema>>> => {
          runner.reserve()
          isNew = true
          await beginRehearsal(tx, { uid, documentSha256, ...period, createdBy: caller.uid })
          const detail = { state: 'running', documentSha256, days: body.days }
          const resource = { kind: 'rehearsals', uid }
          const result = answerOf(found(await findRehearsal(tx, uid)))
          return { result, note: { code: 'A022I', resource, detail } }
        }
        const begun = await createOnce(changes, call, { answer: recordSchema, work })
        if (isNew) void runner.run({ uid, orgUid, document, documentSha256, period, trail })
        setHeader('location', `/api/v1/access/rehearsals/${begun.uid}`)
        return begun
      } catch (error) {
        if (isNew) runner.release()
        throw error
      }
    },
  })
}

function readRoutes(deps: RehearsalRouteDeps): readonly Route[] {
  const { changes } = deps
  const common = { method: 'get', permission: permissionOf(deps), body: nothing } as const
  return [
    route({
      ...common,
      path: '/api/v1/access/rehearsals',
      summary: 'Rehearsals, newest first, without their reports',
      action: 'rehearsals:list',
      params: nothing,
      query: z.strictObject(pageQuery),
      response: pageOf(summarySchema),
      handler: async ({ caller, query }) => {
        const all = (await changes.read(caller.orgUid, listRehearsals)).map(summaryOf)
        return newestFirst(all, ({ createdAt, uid }) => [createdAt, uid], query)
      },
    }),
    route({
      ...common,
      path: '/api/v1/access/rehearsals/:uid',
      summary: 'A rehearsal: how far it is, and its report once it is done',
      action: 'rehearsals:read',
      params: byUid,
      query: nothing,
      response: recordSchema,
      handler: async ({ caller, params }) =>
        answerOf(found(await changes.read(caller.orgUid, (tx) => findRehearsal(tx, params.uid)))),
    }),
  ]
}

function attachRoute(deps: RehearsalRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/rehearsals/:uid/attach',
    summary: 'Attach a report to the change it was made for',
    action: 'rehearsals:attach',
    permission: permissionOf(deps),
    params: byUid,
    query: nothing,
    body: z.strictObject({
      change: z.string().trim().min(1).max(500).describe('Its audit event, commit, ticket or address'),
    }),
    response: summarySchema,
    handler: ({ caller, params, body, trail }) =>
      deps.changes.change(trail, async (tx) => {
        const { change } = body
        const attached = await attachRehearsal(tx, params.uid, { change, by: caller.uid })
        const { documentSha256 } = attached
        const resource = { kind: 'rehearsals', uid: params.uid }
        const detail = { state: 'attached', documentSha256, change }
        return { result: summaryOf(attached), note: { code: 'A022I', resource, detail } }
      }),
  })
}

/** `/api/v1/access/rehearsals`: trying a change of access on the requests of the past, before it is made. */
export function rehearsalRoutes(deps: RehearsalRouteDeps): readonly Route[] {
  return [createRoute(deps), ...readRoutes(deps), attachRoute(deps)]
}
