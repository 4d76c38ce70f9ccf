import { parseConstraint, whoCan } from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import { z } from 'zod'
import { type ManageDeps, ownOrg } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { answerOfConstraints, explainFor } from './explain.ts'
import { loadResource } from './load-resource.ts'
import { answerOfDifference, countsOf, previewIn } from './preview.ts'
import { previewAnswerSchema, previewSchema } from './preview-schemas.ts'
import { explainSchema, explanationSchema, whoEntrySchema, whoSchema } from './schemas.ts'

function explainRoute(deps: ManageDeps): Route {
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

function whoRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/who',
    summary: 'Everybody who may do this, and by which grants; people of IdP groups once they have signed in',
    action: 'access:who',
    permission: permissions.can('access:explain', ownOrg),
    params: nothing,
    query: z.strictObject(pageQuery),
    body: whoSchema,
    response: pageOf(whoEntrySchema),
    handler: async ({ caller, body, query }) => {
      const policy = await policyOf(caller.orgUid)
      const resource = await changes.read(caller.orgUid, (tx) => loadResource(tx, body.resource))
      const all = whoCan(policy, {
        action: body.action,
        resource,
        now: body.at === undefined ? Date.now() : Date.parse(body.at),
        selector: body.selector === undefined ? undefined : parseConstraint(body.selector),
      })
      const { items, next } = paginate(all, ({ kind, uid }) => `${kind} ${uid}`, query)
      return {
        items: items.map(({ because, until, constraints, ...entry }) => ({
          ...entry,
          because: because.map((link) => ({ ...link })),
          until: until === undefined ? null : new Date(until).toISOString(),
          constraints: answerOfConstraints(constraints),
        })),
        next,
      }
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
      const preview = await changes.read(caller.orgUid, (tx) => previewIn(tx, caller, body))
      const { differences, policyVersion } = preview
      const { items, next } = paginate(differences, ({ kind, uid }) => `${kind} ${uid}`, query)
      return {
        items: items.map(answerOfDifference),
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
  return [explainRoute(deps), whoRoute(deps), previewRoute(deps)]
}
