import { createHash, randomUUID } from 'node:crypto'
import { type AccessDocument, parseAccessDocument } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import {
  findRehearsal,
  keepRehearsal,
  type Period,
  rehearsalReportSchema,
  type RehearsedOrg,
  reportOf,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changes } from '../../changes.ts'
import { orgResource } from '../folders/resource.ts'
import { uidSchema } from '../folders/schemas.ts'

export interface RehearsalRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly changes: Changes
  readonly rehearse: (
    document: AccessDocument,
    period: Period & { readonly now: number },
  ) => Promise<readonly RehearsedOrg[]>
}

const dayMs = 86_400_000
const recordSchema = z.strictObject({
  uid: z.string(),
  since: z.string(),
  until: z.string(),
  documentSha256: z.string().describe('Of the document’s JSON'),
  report: rehearsalReportSchema,
})
const proposalSchema = z.strictObject({
  document: z.unknown().describe('Access document of the caller’s org, as JSON'),
  days: z.number().positive().max(92).default(7).describe('How far back requests are looked at'),
})

/** Another org's document is refused before anything is asked of the store, the same as one that does not exist. */
function documentOf(value: unknown, orgUid: string): AccessDocument {
  const document = parseAccessDocument(value)
  const [org] = document.orgs
  if (document.orgs.length !== 1 || org?.uid !== orgUid)
    throw new GatehouseError('bad_data', 'body.document: must declare your org and no other')
  return document
}

/** One at a time in a process: a rehearsal reads the requests of days. */
function createTurn() {
  let isBusy = false
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBusy)
      throw new GatehouseError('too_many_requests', 'another rehearsal is running', { retryAfter: 10 })
    isBusy = true
    try {
      return await work()
    } finally {
      isBusy = false
    }
  }
}

function createRoute({ permissions, changes, rehearse }: RehearsalRouteDeps): Route {
  const inTurn = createTurn()
  return route({
    method: 'post',
    path: '/api/v1/access/rehearsals',
    summary: 'What a proposed access document would have done to the requests of the last days',
    action: 'rehearsals:create',
    permission: permissions.can('access:explain', (principal) => Promise.resolve(orgResource(principal))),
    params: nothing,
    query: nothing,
    body: proposalSchema,
    status: 201,
    maxBodyBytes: 1_000_000,
    response: recordSchema,
    handler: async ({ caller, body, trail }) => {
      const { orgUid } = caller
      const document = documentOf(body.document, orgUid)
      const now = Date.now()
      const period = { since: now - Math.round(body.days * dayMs), until: now, now }
      const [rehearsed] = await inTurn(() => rehearse(document, period))
      if (rehearsed === undefined) throw new GatehouseError('not_found', 'the org does not exist')
      const report = reportOf(orgUid, rehearsed.rehearsal)
      const uid = randomUUID()
      const sha256 = (value: unknown): string =>
        createHash('sha256').update(JSON.stringify(value)).digest('hex')
      const documentSha256 = sha256(body.document)
      return changes.change(trail, async (tx) => {
        await keepRehearsal(tx, { uid, documentSha256, ...period, createdBy: caller.uid, report })
        const { counts, requests } = report
        const detail = { documentSha256, reportSha256: sha256(report), days: body.days, requests, counts }
        const [since, until] = [period.since, period.until].map((ms) => new Date(ms).toISOString())
        return {
          result: { uid, since: since ?? '', until: until ?? '', documentSha256, report },
          note: { code: 'A022I', resource: { kind: 'rehearsals', uid }, detail },
        }
      })
    },
  })
}

function readRoute({ permissions, changes }: RehearsalRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/access/rehearsals/:uid',
    summary: 'A rehearsal as it was reported',
    action: 'rehearsals:read',
    permission: permissions.can('access:explain', (principal) => Promise.resolve(orgResource(principal))),
    params: z.strictObject({ uid: uidSchema }),
    query: nothing,
    body: nothing,
    response: recordSchema,
    handler: async ({ caller, params }) => {
      const found = await changes.read(caller.orgUid, (tx) => findRehearsal(tx, params.uid))
      if (found === undefined) throw new GatehouseError('not_found', 'there is no such rehearsal')
      const { uid, since, until, documentSha256, report } = found
      return {
        uid,
        since: new Date(since).toISOString(),
        until: new Date(until).toISOString(),
        documentSha256,
        report: rehearsalReportSchema.parse(report),
      }
    },
  })
}

/** `/api/v1/access/rehearsals`: trying a change of access on the requests of the past, before it is made. */
export function rehearsalRoutes(deps: RehearsalRouteDeps): readonly Route[] {
  return [createRoute(deps), readRoute(deps)]
}
