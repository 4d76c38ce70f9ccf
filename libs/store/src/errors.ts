import { GatehouseError, isGatehouseError } from '@gatehouse/errors'

/** SQLSTATE of a Postgres error, or the system's code of a failed connection. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const conflicts: Readonly<Record<string, string>> = {
  // Raised by our own triggers.
  GH409: 'the access of this org is declared in files; change it there',
  GH410: 'an org with this uid was deleted; uids of orgs are never used again',
  '23505': 'it exists already',
  '23503': 'it is in use, or names something that does not exist',
  '40001': 'it changed at the same moment; try again',
  '40P01': 'it changed at the same moment; try again',
}

/** Raised by our own triggers, whose message is for the caller. */
const ownMessages = new Set(['GH423', 'GH424', 'GH425', 'GH426'])

/** What a violated key says where its name says more than its kind. */
const keys: Readonly<Record<string, string>> = {
  tenants_pkey: 'a tenant belongs to an org already; only access files that name both orgs move it',
}

function conflictOf(error: unknown, code: string): string | undefined {
  const key = typeof error === 'object' && error !== null && 'constraint' in error ? error.constraint : ''
  return (typeof key === 'string' ? keys[key] : undefined) ?? conflicts[code]
}

/** SQLSTATE classes in which the server, not the statement, is at fault: 08 connection, 53 resources, 57 operator, 25006 a replica. */
function isServerAway(code: string): boolean {
  return /^(08|53|57)/.test(code) || code === '25006' || /^E[A-Z]+$/.test(code)
}

/**
 * Any error of a statement as a {@link GatehouseError}: `conflict` for violated keys, `bad_data` for a refused value,
 * `unavailable` when Postgres is away or too slow, `internal` for everything else.
 */
export function storeError(error: unknown): GatehouseError {
  if (isGatehouseError(error)) return error
  const code = codeOf(error)
  const detail = error instanceof Error ? error.message : String(error)
  const conflict = ownMessages.has(code ?? '') ? detail : conflictOf(error, code ?? '')
  if (conflict !== undefined) return new GatehouseError('conflict', conflict, { detail, cause: error })
  if (code === '23514' || code === '22P02' || code === '22001' || code === '23502')
    return new GatehouseError('bad_data', 'a value is not allowed', { detail, cause: error })
  // The pool's own time-outs carry no code.
  const isTimeout = code === undefined && /timeout|terminated|Connection/i.test(detail)
  if (isTimeout || (code !== undefined && isServerAway(code)))
    return new GatehouseError('unavailable', 'the store is unavailable', {
      detail,
      cause: error,
      retryAfter: 1,
    })
  return new GatehouseError('internal', 'internal error', { detail, cause: error })
}
