import type { Route } from '@gatehouse/http'
import { scimDiscoveryRoutes } from './discovery-routes.ts'
import { scimGroupRoutes } from './group-routes.ts'
import type { ScimRouteDeps } from './provisioning.ts'
import { scimUserRoutes } from './user-routes.ts'

/** `/scim/v2`: an identity provider pushes the people of one org and the groups they are in (SCIM 2.0, RFC 7643 and 7644). */
export function scimRoutes(deps: ScimRouteDeps): readonly Route[] {
  return [...scimDiscoveryRoutes(deps), ...scimUserRoutes(deps), ...scimGroupRoutes(deps)]
}
