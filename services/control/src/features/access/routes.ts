import {
  type ApprovedDashboard,
  createCapabilities,
  type DashboardReader,
  parseAsked,
  whoCan,
  type WhoEntry,
  whoThroughDashboards,
} from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import type { OrgTransaction } from '@gatehouse/store'
import { z } from 'zod'
import { type ManageDeps, ownOrg } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { type AccessDeps, answerOfConstraints, explainFor, mayKnow } from './explain.ts'
import { loadResource } from './load-resource.ts'
import { answerOfDifference, countsOf, previewOf, proposeIn } from './preview.ts'
import { previewAnswerSchema, previewSchema } from './preview-schemas.ts'
import { settingsFor } from './settings.ts'
import { explainSchema, explanationSchema, whoEntrySchema, whoSchema } from './schemas.ts'

function explainRoute(deps: AccessDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/explain',
    summary: 'Why somebody may or may not; about others only with access:explain',
    action: 'access:explain',
    permission: deps.permissions.principal,
    params: nothing,
    query: nothing,
    body: explainSchema,
    response: explanationSchema,
    handler: ({ caller, body }) => explainFor(deps, caller, body),
  })
}

type WhoAnswer = z.output<typeof whoEntrySchema>

function answerOfEntry({
  because,
  until,
  constraints,
  ...entry
}: WhoEntry): Omit<WhoAnswer, 'onlyDashboards'> {
  const { kind, uid, name, overlap } = entry
  return {
    kind,
    uid,
    name,
    overlap,
    because: because.map((link) => ({ ...link })),
    until: until === undefined ? null : new Date(until).toISOString(),
    constraints: answerOfConstraints(constraints),
  }
}

/** A dashboard that the asker may not open is not named, nor what it asks. */
function answerOfReader(
  reader: DashboardReader,
  isKnown: (dashboard: ApprovedDashboard) => boolean,
): WhoAnswer {
  const hidden = new Set(
    reader.paths.filter((path) => !isKnown(path.dashboard)).map(({ dashboard }) => dashboard.uid),
  )
  const because = reader.because.map((link) =>
    hidden.has(link.via.replace(/^dashboard:/, '')) ? { ...link, via: 'dashboard' } : link,
  )
  const shown = reader.paths.filter(({ dashboard }) => !hidden.has(dashboard.uid))
  const constraints = { alternatives: shown.flatMap((path) => path.constraints.alternatives) }
  return { ...answerOfEntry({ ...reader, because, constraints }), onlyDashboards: true }
}

function whoRoute(deps: AccessDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/who',
    summary:
      'Everybody who may do this, and by which grants and dashboards; people of IdP groups once they have signed in',
    action: 'access:who',
    permission: deps.permissions.can('access:explain', ownOrg),
    params: nothing,
    query: z.strictObject(pageQuery),
    body: whoSchema,
    response: pageOf(whoEntrySchema),
    handler: async ({ caller, body, query }) => {
      const load = (tx: OrgTransaction) => loadResource(tx, body.resource)
      const settings = await settingsFor(deps, caller.orgUid, { ...body, load })
      const { policy, resource, dashboards, now } = settings
      const selector = body.selector === undefined ? undefined : parseAsked(body.selector)
      const question = { action: body.action, resource, now, selector }
      const isKnown = mayKnow(await deps.policyOf(caller.orgUid), caller)
      const { capabilityOf } = deps
      const all = [
        ...whoCan(policy, question).map((entry) => ({ ...answerOfEntry(entry), onlyDashboards: false })),
        ...whoThroughDashboards(policy, question, { dashboards, capabilityOf }).map((reader) =>
          answerOfReader(reader, isKnown),
        ),
      ]
      const { items, next } = paginate(all, ({ kind, uid }) => `${kind} ${uid}`, query)
      return { items: [...items], next }
    },
  })
}

function previewRoute({ permissions, changes }: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/preview',
    summary: 'Whom a change of access settings would give or take what, before anybody makes it',
    action: 'access:preview',
    permission: permissions.can('access:explain', ownOrg),
    params: nothing,
    query: z.strictObject(pageQuery),
    body: previewSchema,
    response: previewAnswerSchema,
    handler: async ({ caller, body, query }) => {
      const proposed = await changes.read(caller.orgUid, (tx) => proposeIn(tx, caller, body))
      // Outside the transaction: nobody is to wait for it.
      const preview = await previewOf(proposed)
      const { differences, isKnown, policyVersion } = preview
      const { items, next } = paginate(differences, ({ kind, uid }) => `${kind} ${uid}`, query)
      return {
        items: items.map((one) => answerOfDifference(one, isKnown)),
        next,
        counts: countsOf(differences),
        notHeld: [...preview.notHeld],
        policyVersion,
      }
    },
  })
}

/** `/api/v1/access`: why, who, and what if. */
export function accessRoutes(deps: ManageDeps): readonly Route[] {
  const asking = { ...deps, capabilityOf: createCapabilities() }
  return [explainRoute(asking), whoRoute(asking), previewRoute(deps)]
}
