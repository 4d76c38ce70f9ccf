import { accessMatrix, permissionsModule, rolesLock, rolesModule } from './access.ts'
import { auditEventsReference } from './audit-events.ts'
import { configReference, configSchemaJson } from './config-reference.ts'
import { endpointReference } from './endpoints.ts'
import { openApiDocument } from './openapi.ts'
import { schemaDump } from './schema.ts'

/** A file derived from the code, committed so that a change to it can be read. */
export interface GoldenFile {
  /** Path from the root of the clone. */
  readonly path: string
  readonly generate: () => string | Promise<string>
}

/** Every derived file. Nothing in this list is ever edited by hand. */
export const goldenFiles: readonly GoldenFile[] = [
  { path: 'docs/configuration.md', generate: configReference },
  { path: 'docs/audit-events.md', generate: auditEventsReference },
  { path: 'docs/endpoints.md', generate: endpointReference },
  { path: 'docs/openapi.json', generate: openApiDocument },
  { path: 'deploy/config.schema.json', generate: configSchemaJson },
  { path: 'libs/authz/src/permissions.gen.ts', generate: permissionsModule },
  { path: 'libs/authz/src/roles.gen.ts', generate: rolesModule },
  { path: 'policies/matrix.md', generate: accessMatrix },
  { path: 'policies/roles.lock', generate: rolesLock },
  { path: 'migrations/schema.sql', generate: schemaDump },
]
