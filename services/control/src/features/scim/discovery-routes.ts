import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import { z } from 'zod'
import { scimFormat, urn } from './format.ts'
import { type ScimRouteDeps, scimQuery } from './provisioning.ts'

const providerConfig = {
  schemas: [urn.serviceProvider],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 200 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Provisioning token',
      description: 'A provisioning token of one org as a bearer token',
      primary: true,
    },
  ],
}

function resourceTypes(base: string): readonly Record<string, unknown>[] {
  const type = (name: string, schema: string): Record<string, unknown> => ({
    schemas: [urn.resourceType],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  })
  return [
    { ...type('User', urn.user), schemaExtensions: [{ schema: urn.enterprise, required: false }] },
    type('Group', urn.group),
  ]
}

type Attribute = Record<string, unknown>

function attribute(name: string, change: Attribute = {}): Attribute {
  return {
    name,
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...change,
  }
}

const schemas: readonly Record<string, unknown>[] = [
  {
    id: urn.user,
    name: 'User',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      attribute('externalId', { caseExact: true }),
      attribute('displayName'),
      attribute('active', { type: 'boolean' }),
      attribute('name', {
        type: 'complex',
        subAttributes: ['formatted', 'givenName', 'familyName'].map((n) => attribute(n)),
      }),
      attribute('emails', {
        type: 'complex',
        multiValued: true,
        subAttributes: ['value', 'type'].map((n) => attribute(n)),
      }),
    ],
  },
  {
    id: urn.group,
    name: 'Group',
    attributes: [
      attribute('displayName', { required: true, uniqueness: 'server' }),
      attribute('externalId', { caseExact: true }),
      attribute('members', {
        type: 'complex',
        multiValued: true,
        subAttributes: ['value', 'display'].map((n) => attribute(n)),
      }),
    ],
  },
]

const loose = z.looseObject({ schemas: z.array(z.string()) })

/** What this server can do, for identity providers that ask first. */
export function scimDiscoveryRoutes({ provisioner, baseUrl: base }: ScimRouteDeps): readonly Route[] {
  const common = {
    method: 'get',
    action: 'scim:read',
    permission: provisioner,
    params: nothing,
    query: scimQuery,
    body: nothing,
    format: scimFormat,
    response: loose,
  } as const
  const one = (items: readonly Record<string, unknown>[], id: string): { schemas: string[] } => {
    const found = items.find((item) => item['id'] === id)
    if (found === undefined) throw new GatehouseError('not_found', 'there is no such resource')
    return loose.parse({ schemas: [urn.schema], ...found })
  }
  const byId = z.strictObject({ id: z.string().max(200) })
  const listOf = (items: readonly Record<string, unknown>[]) => ({
    schemas: [urn.list],
    totalResults: items.length,
    startIndex: 1,
    itemsPerPage: items.length,
    Resources: items,
  })
  return [
    route({
      ...common,
      path: '/scim/v2/ServiceProviderConfig',
      summary: 'What of SCIM is supported',
      handler: () => Promise.resolve(providerConfig),
    }),
    route({
      ...common,
      path: '/scim/v2/ResourceTypes',
      summary: 'Users and groups',
      handler: () => Promise.resolve(listOf(resourceTypes(base))),
    }),
    route({
      ...common,
      path: '/scim/v2/Schemas',
      summary: 'Attributes that mean something here',
      handler: () => Promise.resolve(listOf(schemas)),
    }),
    route({
      ...common,
      path: '/scim/v2/ResourceTypes/:id',
      summary: 'Users, or groups',
      params: byId,
      handler: async ({ params }) => one(resourceTypes(base), params.id),
    }),
    route({
      ...common,
      path: '/scim/v2/Schemas/:id',
      summary: 'Attributes of users, or of groups',
      params: byId,
      handler: async ({ params }) => one(schemas, params.id),
    }),
  ]
}
