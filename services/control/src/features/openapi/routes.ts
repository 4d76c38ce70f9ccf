import { nothing, type Permissions, type Person, type Route, route } from '@gatehouse/http'
import { z } from 'zod'
import { openApiOf } from './document.ts'

/** `/api/v1/openapi.json`: the document of these routes. It holds nothing of any org, so anyone may read it. */
export function openApiRoute(routes: readonly Route[], permissions: Permissions<Person>): Route {
  const document = openApiOf(routes)
  return route({
    method: 'get',
    path: '/api/v1/openapi.json',
    summary: 'This API as OpenAPI 3.1',
    action: 'openapi:read',
    permission: permissions.public,
    params: nothing,
    query: nothing,
    body: nothing,
    response: z.looseObject({ openapi: z.string() }),
    handler: () => Promise.resolve({ ...document }),
  })
}
