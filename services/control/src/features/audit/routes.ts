import type { Route } from '@gatehouse/http'
import { auditEventRoutes } from './event-routes.ts'
import { auditExportRoutes } from './export-routes.ts'
import type { AuditRouteDeps } from './log.ts'
import { auditRevealRoutes } from './reveal-routes.ts'
import { auditSearchRoutes } from './search-routes.ts'
import { auditStatusRoutes } from './status-routes.ts'
import { auditVerificationRoutes } from './verification-routes.ts'
import { auditViewRoutes } from './view-routes.ts'

/** `/api/v1/audit`: the log for auditors. What they do here is in the log. */
export function auditRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [
    ...auditSearchRoutes(deps),
    ...auditEventRoutes(deps),
    ...auditViewRoutes(deps),
    ...auditStatusRoutes(deps),
    ...auditVerificationRoutes(deps),
    ...auditExportRoutes(deps),
    ...auditRevealRoutes(deps),
  ]
}
