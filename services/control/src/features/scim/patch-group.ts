import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { canonicalName, type PatchOperation, readPath } from './patch.ts'

/** What one operation does to a group. */
export type GroupStep =
  | { readonly kind: 'rename'; readonly displayName?: string; readonly externalId?: string | null }
  | { readonly kind: 'add' | 'set'; readonly members: readonly string[] }
  /** Everybody for undefined. */
  | { readonly kind: 'remove'; readonly members: readonly string[] | undefined }

const memberList = z.union([
  z.array(z.looseObject({ value: z.string() })),
  z.looseObject({ value: z.string() }).transform((one) => [one]),
])

function membersOf(value: unknown): readonly string[] {
  const parsed = memberList.safeParse(value)
  if (!parsed.success) throw new GatehouseError('bad_data', 'members: is not a list of members')
  return parsed.data.map((member) => member.value)
}

function textOf(name: string, value: unknown): string {
  const parsed = z.string().trim().min(1).max(256).safeParse(value)
  if (!parsed.success) throw new GatehouseError('bad_data', `${name}: is not a text`)
  return parsed.data
}

function stepAt(attribute: string, { op, value }: PatchOperation): GroupStep[] {
  switch (attribute) {
    case 'members':
      if (op === 'remove')
        return [{ kind: 'remove', members: value === undefined ? undefined : membersOf(value) }]
      return [{ kind: op === 'add' ? 'add' : 'set', members: membersOf(value) }]
    case 'displayName':
      return [{ kind: 'rename', displayName: textOf('displayName', value) }]
    case 'externalId':
      return [{ kind: 'rename', externalId: op === 'remove' ? null : textOf('externalId', value) }]
    // Okta repeats the id; nothing else of a group can change.
    case 'id':
    case 'schemas':
      return []
    default:
      throw new GatehouseError('bad_data', `${attribute} of a group cannot be changed`)
  }
}

/** The steps an operation on a group stands for. @throws GatehouseError `bad_data` */
export function groupSteps(operation: PatchOperation): readonly GroupStep[] {
  const { op, path, value } = operation
  if (path === undefined || path === '') {
    const values = z.record(z.string(), z.unknown()).safeParse(value)
    if (op === 'remove' || !values.success)
      throw new GatehouseError('bad_data', 'an operation without a path needs a value that is an object')
    return Object.entries(values.data).flatMap(([key, own]) =>
      stepAt(canonicalName(key), { ...operation, value: own }),
    )
  }
  const { attribute, where, sub } = readPath(path)
  if (where === undefined) return stepAt(attribute, operation)
  const isOneMember = attribute === 'members' && where.attribute === 'value' && sub === undefined
  if (!isOneMember || op !== 'remove') throw new GatehouseError('bad_data', `path ${path} is not supported`)
  return [{ kind: 'remove', members: [where.value] }]
}
