import { GatehouseError } from '@gatehouse/errors'
import type { ScimGroup, ScimUser, ScimUserContent } from '@gatehouse/store'
import { z } from 'zod'
import { urn } from './format.ts'
import { canonicalName } from './patch.ts'

/** A resource as answered; what is in it follows the schemas it names. */
export const resourceSchema = z.looseObject({ schemas: z.array(z.string()), id: z.string() })
export const listSchema = z.strictObject({
  schemas: z.array(z.string()),
  totalResults: z.number(),
  startIndex: z.number(),
  itemsPerPage: z.number(),
  Resources: z.array(resourceSchema),
})
export type ScimResource = z.output<typeof resourceSchema>

/** A text with at most 256 characters that Postgres can hold. */
const text = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .refine((value) => !value.includes('\u0000'), 'holds a NUL character')
// Entra writes "True" and "False".
const flag = z.union([
  z.boolean(),
  z.stringFormat('boolean', /^(true|false)$/i).transform((v) => v.toLowerCase() === 'true'),
])

const userSchema = z.looseObject({
  userName: text,
  externalId: text.nullish(),
  active: flag.default(true),
})
const maxAttributesBytes = 16_384
const notKept = ['schemas', 'id', 'meta', 'groups', 'password', 'roles', 'entitlements', 'x509Certificates']

/** Names as the schema writes them; `userName` may come as `username`. */
function canonical(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new GatehouseError('bad_data', 'the body is not an object')
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [canonicalName(key), value]))
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new GatehouseError('bad_data', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}

/** Reads a user as an identity provider sends it. @throws GatehouseError `bad_data` */
export function readUser(body: unknown): ScimUserContent {
  const { userName, externalId, active, ...rest } = parse(userSchema, canonical(body))
  const attributes = Object.fromEntries(Object.entries(rest).filter(([key]) => !notKept.includes(key)))
  const json = JSON.stringify(attributes)
  if (Buffer.byteLength(json) > maxAttributesBytes || json.includes('\\u0000'))
    throw new GatehouseError(
      'bad_data',
      `attributes: more than ${maxAttributesBytes} bytes, or a NUL character`,
    )
  return { userName, externalId: externalId ?? undefined, isActive: active, attributes }
}

const groupSchema = z.looseObject({
  displayName: text,
  externalId: text.nullish(),
  members: z.array(z.looseObject({ value: z.string() })).nullish(),
})

/** Reads a group as an identity provider sends it. @throws GatehouseError `bad_data` */
export function readGroup(body: unknown): {
  displayName: string
  externalId: string | undefined
  members: readonly string[]
} {
  const { displayName, externalId, members } = parse(groupSchema, canonical(body))
  return {
    displayName,
    externalId: externalId ?? undefined,
    members: (members ?? []).map(({ value }) => value),
  }
}

function metaOf(
  resourceType: 'User' | 'Group',
  location: string,
  of: { createdAt: number; updatedAt: number },
): object {
  return {
    resourceType,
    created: new Date(of.createdAt).toISOString(),
    lastModified: new Date(of.updatedAt).toISOString(),
    location,
  }
}

/** A user as answered. `base` is the URL of the API. */
export function userResource(user: ScimUser, base: string): ScimResource {
  const { uid, userName, externalId, isActive, attributes, groups } = user
  const hasEnterprise = Object.hasOwn(attributes, urn.enterprise)
  return {
    ...attributes,
    schemas: hasEnterprise ? [urn.user, urn.enterprise] : [urn.user],
    id: uid,
    ...(externalId === undefined ? {} : { externalId }),
    userName,
    active: isActive,
    groups: groups.map((group) => ({ value: group.uid, display: group.displayName })),
    meta: metaOf('User', `${base}/Users/${uid}`, user),
  }
}

/** A user as it would be sent, for patching. */
export function userContent(user: ScimUser): Record<string, unknown> {
  const { userName, externalId, isActive: active, attributes } = user
  return { ...attributes, userName, active, ...(externalId === undefined ? {} : { externalId }) }
}

/** A group as answered, without its members if told so. */
export function groupResource(group: ScimGroup, base: string, withMembers: boolean): ScimResource {
  const { uid, displayName, externalId, members } = group
  return {
    schemas: [urn.group],
    id: uid,
    ...(externalId === undefined ? {} : { externalId }),
    displayName,
    ...(withMembers
      ? { members: members.map((member) => ({ value: member.uid, display: member.userName })) }
      : {}),
    meta: metaOf('Group', `${base}/Groups/${uid}`, group),
  }
}

/** A page of a list as answered. */
export function listOf(
  resources: readonly ScimResource[],
  total: number,
  startIndex: number,
): z.output<typeof listSchema> {
  return {
    schemas: [urn.list],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: [...resources],
  }
}
