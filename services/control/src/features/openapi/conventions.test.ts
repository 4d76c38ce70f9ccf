import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

type Content = Readonly<
  Record<string, { readonly schema: { readonly properties?: Readonly<Record<string, unknown>> } }>
>
interface Operation {
  readonly parameters?: readonly { readonly name?: string; readonly $ref?: string }[]
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Content
        readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
      }
    >
  >
}

/** Generated from the declarations of the routes, and compared with them by the check of derived files. */
const document: { paths: Record<string, Record<string, Operation>> } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../../docs/openapi.json'), 'utf8'),
)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method} ${path}`,
    method,
    path,
    operation,
  })),
)
const names = new Set(operations.map(({ name }) => name))

const has = ({ parameters = [] }: Operation, parameter: string): boolean =>
  parameters.some(({ name = '', $ref = '' }) =>
    [name.toLowerCase(), $ref.split('/').at(-1)].includes(parameter),
  )
const made = ({ responses }: Operation): boolean => '201' in responses || '202' in responses
const isList = ({ operation }: (typeof operations)[number]): boolean =>
  Object.values(operation.responses['200']?.content ?? {}).some(
    ({ schema }) => schema.properties?.['items'] !== undefined,
  )

/** Creates that are done once without a key, and why. */
const withoutKey: Readonly<Record<string, string>> = {
  'post /api/v1/audit/verifications': 'answers with the one that runs already',
  'post /scim/v2/Users': 'RFC 7644 knows no such header; a repeat is 409 uniqueness',
  'post /scim/v2/Groups': 'RFC 7644 knows no such header; a repeat is 409 uniqueness',
}
/** Changes that need not say what they are based on, and why. */
const withoutMatch: Readonly<Record<string, string>> = {
  'put /api/v1/teams/{uid}/members/{user}': 'a membership has no content that could be overwritten',
  'put /scim/v2/Users/{id}':
    'RFC 7644 3.14 leaves ETags to the provider; an identity provider is the only writer',
  'patch /scim/v2/Users/{id}': 'RFC 7644 3.14, too',
  'delete /scim/v2/Users/{id}': 'RFC 7644 3.14, too',
  'put /scim/v2/Groups/{id}': 'RFC 7644 3.14, too',
  'patch /scim/v2/Groups/{id}': 'RFC 7644 3.14, too',
  'delete /scim/v2/Groups/{id}': 'RFC 7644 3.14, too',
}
/** Lists that come whole, and why. */
const whole: Readonly<Record<string, string>> = {
  'get /api/v1/orgs/{org}/running-queries': 'what runs at one moment, bounded by the slots of the gateway',
  'get /api/v1/orgs/{org}/slow-queries': 'the slowest of a week, a fixed number',
  'get /api/v1/orgs/{org}/query-statistics': 'the dearest, as many as are asked for',
}

describe('every operation of the API', () => {
  it('that makes something honours an Idempotency-Key', () => {
    const all = operations.filter(({ method, operation }) => method === 'post' && made(operation))
    expect(all.length).toBeGreaterThan(20)
    const without = all.filter(({ operation }) => !has(operation, 'idempotency-key')).map(({ name }) => name)
    expect(without.sort()).toEqual(Object.keys(withoutKey).sort())
  })

  it('that changes what has a content needs If-Match', () => {
    const changes = operations.filter(
      ({ method, path }) =>
        ['put', 'patch'].includes(method) ||
        (method === 'delete' && (names.has(`put ${path}`) || names.has(`patch ${path}`))),
    )
    expect(changes.length).toBeGreaterThan(20)
    const without = changes.filter(({ operation }) => !has(operation, 'if-match')).map(({ name }) => name)
    const membership = 'delete /api/v1/teams/{uid}/members/{user}'
    expect(without.sort()).toEqual([...Object.keys(withoutMatch), membership].sort())
  })

  it('that is changed with If-Match is read with an ETag', () => {
    const gets = operations.filter(({ method, path }) => {
      const others = operations.filter((one) => one.path === path && has(one.operation, 'if-match'))
      return method === 'get' && others.length > 0
    })
    expect(gets.length).toBeGreaterThan(8)
    for (const { name, operation } of gets)
      expect([name, operation.responses['200']?.headers?.['ETag']?.required]).toEqual([name, true])
  })

  it('that lists has a limit and a cursor', () => {
    const lists = operations.filter((one) => one.method === 'get' && isList(one))
    expect(lists.length).toBeGreaterThan(20)
    const without = lists.filter(({ operation }) => !has(operation, 'cursor')).map(({ name }) => name)
    expect(without.sort()).toEqual(Object.keys(whole).sort())
  })
})
