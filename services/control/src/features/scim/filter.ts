import { GatehouseError } from '@gatehouse/errors'
import type { ScimFilter } from '@gatehouse/store'
import { urn } from './format.ts'

const members: Readonly<Record<string, keyof ScimFilter>> = {
  id: 'id',
  username: 'userName',
  displayname: 'displayName',
  externalid: 'externalId',
  members: 'member',
  'members.value': 'member',
  manager: 'manager',
  'manager.value': 'manager',
  [`${urn.enterprise}:manager`.toLowerCase()]: 'manager',
}

const term = /^\s*([A-Za-z0-9.:]+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*/i

function invalid(): GatehouseError {
  return new GatehouseError(
    'bad_data',
    'filter: supported are id, userName, displayName, externalId, manager and members with eq, joined by and',
  )
}

function textOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch (error) {
    throw new GatehouseError('bad_data', 'filter: a text is not valid', { cause: error })
  }
}

/**
 * Reads a filter (RFC 7644 3.4.2.2) as identity providers send it: equalities on the attributes that identify, joined by `and`.
 * @throws GatehouseError `bad_data` for anything else, never a list of everything.
 */
export function readFilter(text: string | undefined): ScimFilter {
  const filter: Partial<Record<keyof ScimFilter, string>> = {}
  let rest = text?.trim() ?? ''
  while (rest !== '') {
    const [all = '', attribute = '', quoted = ''] = term.exec(rest) ?? []
    const key = members[attribute.toLowerCase()]
    if (key === undefined || filter[key] !== undefined) throw invalid()
    filter[key] = textOf(quoted)
    rest = rest.slice(all.length)
    if (rest === '') break
    if (!/^and\s/i.test(rest)) throw invalid()
    rest = rest.slice(3)
    if (rest.trim() === '') throw invalid()
  }
  return filter
}
