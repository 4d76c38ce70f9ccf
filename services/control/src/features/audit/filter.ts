import { eventClasses } from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import type { AuditFilter } from '@gatehouse/store'
import { z } from 'zod'
import { wholeNumber } from '../../page.ts'
import type { OpenLog } from './log.ts'

const time = z.iso.datetime({ offset: true })
const word = z.string().min(1).max(200)
const results = z.array(z.enum(['allowed', 'denied', 'failed'])).max(3)
const classes = z.array(z.enum(eventClasses)).max(3)
const codes = z.array(z.string().regex(/^[A-Z]\d{0,3}[IWDE]?$/)).max(50)

/** A list in a query: `denied,failed`. */
function commas<T>(list: z.ZodType<T>, example: string) {
  return z
    .string()
    .max(1_000)
    .describe(`Separated by commas: ${example}`)
    .transform((text, context) => {
      const parsed = list.safeParse(text.split(','))
      if (parsed.success) return parsed.data
      context.addIssue(parsed.error.issues[0]?.message ?? 'not valid')
      return z.NEVER
    })
}

const members = {
  from: time.optional().describe('At or after; RFC 3339'),
  to: time.optional().describe('Before; RFC 3339'),
  actor: word.optional().describe('Uid of a user or service account'),
  action: word.optional().describe('Such as datasources:query'),
  dataSource: word.optional(),
  metric: word.optional().describe('Name of a metric that a query names'),
  dashboard: word.optional(),
  token: word.optional().describe('Id of a service-account token'),
  address: word.optional().describe('Where requests came from'),
  text: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe(
      'Words of queries, ids, reasons (from four letters on also beginnings of words); or part of an actor’s name',
    ),
}

/** Which events, as members of a body. */
export const filterSchema = z.strictObject({
  ...members,
  results: results.optional(),
  classes: classes.optional(),
  codes: codes.optional().describe('Codes or beginnings of codes: Q, Q001, Q001D'),
  minDurationMs: z.number().min(0).optional(),
  minBytes: z.number().int().min(0).optional(),
})

/** Which events, as parameters of a query. */
export const filterQuery = {
  ...members,
  results: commas(results, 'denied,failed').optional(),
  classes: commas(classes, eventClasses.join(',')).optional(),
  codes: commas(codes, 'Q001D,A,X').optional(),
  minDurationMs: z.coerce.number().min(0).optional(),
  minBytes: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
}

/** The filter among the parameters of a query. */
export function filterOf(query: AuditFilter): AuditFilter {
  const names = Object.keys(filterSchema.shape)
  const given = Object.entries(query).filter(([name, value]) => names.includes(name) && value !== undefined)
  return filterSchema.parse(Object.fromEntries(given))
}

const asked = ['metric', 'dashboard', 'text'] as const

function hiddenIn(filter: AuditFilter, { showsQueries }: OpenLog): string | undefined {
  return showsQueries ? undefined : asked.find((name) => filter[name] !== undefined)
}

/** Whether a filter says nothing that the caller may not see. */
export function isVisible(filter: AuditFilter, log: OpenLog): boolean {
  return hiddenIn(filter, log) === undefined
}

/**
 * Refuses what would tell somebody by the number of matches what they may not see.
 * @throws GatehouseError `forbidden`
 */
export function requireVisible(filter: AuditFilter, log: OpenLog): void {
  const hidden = hiddenIn(filter, log)
  if (hidden !== undefined) throw new GatehouseError('forbidden', `searching by ${hidden} needs audit:read`)
}
