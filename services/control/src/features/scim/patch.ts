import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { urn } from './format.ts'

/** A PATCH request (RFC 7644 3.5.2). Identity providers write `Add` and `add`. */
export const patchSchema = z.looseObject({
  Operations: z
    .array(
      z.looseObject({
        op: z
          .string()
          .transform((op) => op.toLowerCase())
          .pipe(z.enum(['add', 'replace', 'remove'])),
        path: z.string().max(500).optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(1_000),
})

export type PatchOperation = z.output<typeof patchSchema>['Operations'][number]

/** A path: `active`, `name.givenName`, `emails[type eq "work"].value`, or one of the enterprise extension. */
export interface PatchPath {
  readonly extension: string | undefined
  readonly attribute: string
  readonly where: { readonly attribute: string; readonly value: string } | undefined
  readonly sub: string | undefined
}

const pathForm =
  /^(?:(urn:[A-Za-z0-9:.]+):)?([A-Za-z][\w-]*)(?:\[\s*([A-Za-z][\w-]*)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*\])?(?:\.([A-Za-z][\w-]*))?$/i
// SCIM's attribute names do not distinguish case; these are the ones that mean something here.
const known = new Map(
  ['userName', 'externalId', 'displayName', 'active', 'name', 'emails', 'members', 'title'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
)

/** An attribute name as the schema writes it. @throws GatehouseError `bad_data` for names that objects have of their own. */
export function canonicalName(name: string): string {
  if (name === '__proto__' || name === 'constructor' || name === 'prototype')
    throw new GatehouseError('bad_data', `${name} is no attribute`)
  return known.get(name.toLowerCase()) ?? name
}

/** Reads a path. @throws GatehouseError `bad_data` */
export function readPath(text: string): PatchPath {
  const [all, extension, attribute = '', by, value, sub] = pathForm.exec(text) ?? []
  if (all === undefined) throw new GatehouseError('bad_data', `path ${text} is not supported`)
  const isCore = extension === undefined || extension.toLowerCase() === urn.user.toLowerCase()
  return {
    extension: isCore ? undefined : extension,
    attribute: canonicalName(attribute),
    where:
      by === undefined || value === undefined
        ? undefined
        : { attribute: by, value: String(JSON.parse(value)) },
    sub: sub === undefined ? undefined : canonicalName(sub),
  }
}

type Values = Record<string, unknown>

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valuesOf(value: unknown): Values {
  return isValues(value) ? { ...value } : {}
}

/** The elements of a multi-valued attribute with those that `where` names changed; an element that is missing is made. */
function changeElements(
  list: unknown,
  where: NonNullable<PatchPath['where']>,
  change: (element: Values) => Values | undefined,
): unknown[] {
  const elements: unknown[] = Array.isArray(list) ? list : []
  const isMeant = (element: unknown): element is Values =>
    isValues(element) && String(element[where.attribute]) === where.value
  const changed = elements.flatMap((element) => (isMeant(element) ? (change(element) ?? []) : [element]))
  if (elements.some(isMeant)) return changed
  const made = change({ [where.attribute]: where.value })
  return made === undefined ? changed : [...changed, made]
}

function changeOne(target: Values, path: PatchPath, { op, value }: PatchOperation): Values {
  const { attribute, where, sub } = path
  const old = target[attribute]
  const { [attribute]: _old, ...others } = target
  if (where !== undefined) {
    const change = (element: Values): Values | undefined => {
      if (op !== 'remove')
        return sub === undefined ? { ...element, ...valuesOf(value) } : { ...element, [sub]: value }
      if (sub === undefined) return undefined
      const { [sub]: _removed, ...kept } = element
      return kept
    }
    return { ...others, [attribute]: changeElements(old, where, change) }
  }
  if (sub !== undefined) {
    const { [sub]: _removed, ...kept } = valuesOf(old)
    return { ...others, [attribute]: op === 'remove' ? kept : { ...kept, [sub]: value } }
  }
  if (op === 'remove') return others
  if (op === 'add' && Array.isArray(old))
    return {
      ...others,
      [attribute]: [...(old as unknown[]), ...(Array.isArray(value) ? (value as unknown[]) : [value])],
    }
  return { ...others, [attribute]: value }
}

function applyAt(target: Values, path: PatchPath, operation: PatchOperation): Values {
  const { extension } = path
  if (extension === undefined) return changeOne(target, path, operation)
  return { ...target, [extension]: changeOne(valuesOf(target[extension]), path, operation) }
}

/**
 * Applies one operation to a resource; without a path its value is an object of paths and values.
 * @throws GatehouseError `bad_data`
 */
export function applyOperation(target: Values, operation: PatchOperation): Values {
  if (operation.path !== undefined && operation.path !== '')
    return applyAt(target, readPath(operation.path), operation)
  if (operation.op === 'remove' || !isValues(operation.value))
    throw new GatehouseError('bad_data', 'an operation without a path needs a value that is an object')
  let result = target
  for (const [key, value] of Object.entries(operation.value)) {
    const isExtension = /^urn:/i.test(key) && isValues(value)
    result = isExtension
      ? { ...result, [key]: { ...valuesOf(result[key]), ...value } }
      : applyAt(result, readPath(key), { ...operation, value })
  }
  return result
}
