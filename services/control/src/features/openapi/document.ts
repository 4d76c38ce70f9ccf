import { errorTable } from '@gatehouse/errors'
import { downloadType, type RequestHeader, type Route } from '@gatehouse/http'
import { z } from 'zod'

type Json = Readonly<Record<string, unknown>>

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: Json
  readonly servers: readonly Json[]
  readonly security: readonly Json[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
  readonly components: Json
}

const headers: Readonly<Record<RequestHeader, Json>> = {
  'if-match': {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'ETag of what is changed, as its GET gave it',
    schema: { type: 'string' },
  },
  'idempotency-key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes a repeated request safe for a day: it is answered as the first was',
    schema: { type: 'string', pattern: '^[!-~]{1,200}$' },
  },
}

const etag: Json = {
  description: 'Version of what is answered, for If-Match',
  schema: { type: 'string' },
}
const refusalHeaders: Json = {
  'Retry-After': {
    description: 'Seconds to wait, when too much was asked for or something is away',
    schema: { type: 'integer', minimum: 0 },
  },
}

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorTable) },
    detail: { type: 'string' },
    instance: { type: 'string' },
  },
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    // Left out where a text is read as a number first, though the number is what to send.
    override: ({
      zodSchema: {
        _zod: { def },
      },
      jsonSchema,
    }) => {
      if (def.type === 'default' && typeof def.defaultValue === 'number')
        jsonSchema.default = def.defaultValue
    },
  })
  return rest
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

function parametersOf(schema: z.ZodType, where: 'path' | 'query'): readonly Json[] {
  const { properties = {}, required = [] }: ObjectSchema = schemaOf(schema, 'input')
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

function bodyOf({ method, body, format }: Route['declaration']): Json {
  if (method === 'get') return {}
  const schema = schemaOf(body, 'input')
  const { properties, required = [] }: ObjectSchema = schema
  if (properties !== undefined && Object.keys(properties).length === 0) return {}
  const [type = 'application/json'] = format?.accepts ?? []
  const isOptional = properties !== undefined && required.length === 0
  return { requestBody: { required: !isOptional, content: { [type]: { schema } } } }
}

/** What a change has to name is given by the GET of the same path, and again by the change. */
function successHeadersOf({ method }: Route['declaration'], isVersioned: boolean): Json {
  if (!isVersioned || method === 'post' || method === 'delete') return {}
  return { headers: { ETag: method === 'get' ? { ...etag, required: true } : etag } }
}

function responsesOf(declaration: Route['declaration'], isVersioned: boolean): Json {
  const { status = 200, response, format } = declaration
  const type = downloadType(response) ?? format?.type ?? 'application/json'
  const content = { content: { [type]: { schema: schemaOf(response, 'output') } } }
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return {
    [String(status)]: {
      description: 'Done',
      ...successHeadersOf(declaration, isVersioned),
      ...(status === 204 ? {} : content),
    },
    default: {
      description: 'Refused or failed',
      headers: refusalHeaders,
      content: format === undefined ? problem : { [format.type]: { schema: {} } },
    },
  }
}

/** `GET /api/v1/teams/:uid` is `getTeamsByUid`. */
function operationIdOf({ method, path }: Route['declaration']): string {
  const words = path
    .replace(/^\/api\/v1\//, '')
    .split(/[/.-]/)
    .map((word) => (word.startsWith(':') ? `by-${word.slice(1)}` : word))
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
  return [method, ...words.flatMap((word) => word.split('-')).map(capital)].join('')
}

function operationOf({ declaration }: Route, isVersioned: boolean): Json {
  const { summary, action, permission, params, query, requestHeaders = [], path } = declaration
  const [, , , tag = ''] = path.split('/')
  return {
    operationId: operationIdOf(declaration),
    tags: [tag],
    summary,
    'x-gatehouse-action': action,
    'x-gatehouse-permission': permission.name,
    ...(permission.name === 'public' ? { security: [] } : {}),
    parameters: [
      ...parametersOf(params, 'path'),
      ...parametersOf(query, 'query'),
      ...requestHeaders.map((name) => headers[name]),
    ],
    ...bodyOf(declaration),
    responses: responsesOf(declaration, isVersioned),
  }
}

/** The OpenAPI 3.1 document of declared routes: what they accept and answer, and the permission each asks for. */
export function openApiOf(routes: readonly Route[]): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {}
  const needsMatch = routes.filter(({ declaration }) => declaration.requestHeaders?.includes('if-match'))
  const versioned = new Set(needsMatch.map(({ declaration }) => declaration.path))
  for (const { declaration, ...rest } of routes) {
    const path = declaration.path.replaceAll(/:([A-Za-z]+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [declaration.method]: operationOf({ declaration, ...rest }, versioned.has(declaration.path)),
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Gatehouse', version: '1', description: 'Orgs, people, access, dashboards and folders.' },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Service-account token, or access token of an issuer',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-gatehouse_session',
          description: 'Browser session',
        },
      },
    },
  }
}
