import { errorTable, type GatehouseError } from '@gatehouse/errors'
import type { Format } from '@gatehouse/http'

/** Schema URNs of SCIM 2.0 (RFC 7643, RFC 7644). */
export const urn = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
  serviceProvider: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
} as const

const scimTypes: Readonly<Record<string, string>> = { conflict: 'uniqueness', bad_data: 'invalidValue' }

function renderError(error: GatehouseError): unknown {
  const { expose, title, status } = errorTable[error.code]
  const scimType = scimTypes[error.code]
  return {
    schemas: [urn.error],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: expose ? error.message : title,
  }
}

/** SCIM over HTTP. Some identity providers send plain JSON. */
export const scimFormat: Format = {
  accepts: ['application/scim+json', 'application/json'],
  type: 'application/scim+json',
  renderError,
}
