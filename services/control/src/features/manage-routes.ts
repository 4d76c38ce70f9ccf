import type { Route } from '@gatehouse/http'
import { holdingsRoutes } from './access/holdings-routes.ts'
import { accessRoutes } from './access/routes.ts'
import type { DataSourceDeps } from './data-sources/addresses.ts'
import { dataSourceRoutes } from './data-sources/routes.ts'
import { grantRoutes } from './grants/routes.ts'
import { guardrailRoutes } from './guardrails/routes.ts'
import { orgRoutes } from './orgs/routes.ts'
import { queryRoutes } from './queries/routes.ts'
import { roleRoutes } from './roles/routes.ts'
import { serviceAccountRoutes } from './service-accounts/routes.ts'
import { sessionListRoutes } from './sessions/list-routes.ts'
import { ownSessionRoutes } from './sessions/own-routes.ts'
import { teamRoutes } from './teams/routes.ts'
import { userRoutes } from './users/routes.ts'

/** Every route over orgs, people and their access. */
export function manageRoutes(deps: DataSourceDeps & { readonly gatewayUrl: string }): readonly Route[] {
  return [
    ...orgRoutes(deps),
    ...teamRoutes(deps),
    ...userRoutes(deps),
    ...roleRoutes(deps),
    ...grantRoutes(deps),
    ...dataSourceRoutes(deps),
    ...serviceAccountRoutes(deps),
    ...sessionListRoutes(deps),
    ...ownSessionRoutes(deps),
    ...guardrailRoutes(deps),
    ...queryRoutes(deps),
    ...accessRoutes(deps),
    ...holdingsRoutes(deps),
  ]
}
