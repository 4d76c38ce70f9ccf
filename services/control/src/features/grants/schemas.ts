import { parseAsked, parseConstraint } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { uidSchema } from '../folders/schemas.ts'

function selectorOf(parse: (text: string) => unknown) {
  return z
    .string()
    .max(2_000)
    .superRefine((value, context) => {
      try {
        parse(value)
      } catch (error) {
        if (!isGatehouseError(error)) throw error
        context.addIssue({ code: 'custom', message: error.message, input: value })
      }
    })
}

/** A label selector as grants and guardrails write it. */
export const selectorSchema = selectorOf(parseConstraint)

/** A selector that is asked about: any of PromQL. */
export const askedSelectorSchema = selectorOf(parseAsked)

export const subjectSchema = z.strictObject({
  kind: z.enum(['user', 'team', 'service-account']),
  uid: uidSchema,
})

export const whereSchema = z.union([
  z.strictObject({ kind: z.literal('org') }),
  z.strictObject({ kind: z.enum(['folder', 'data-source', 'dashboard', 'team']), uid: uidSchema }),
])

const time = z.iso.datetime({ offset: true })

export const newGrantSchema = z
  .strictObject({
    subject: subjectSchema,
    role: z.string().max(63),
    where: whereSchema,
    constraints: z
      .array(selectorSchema)
      .max(50)
      .default([])
      .describe('Label selectors, any of which admits a series; none means no restriction'),
    notBefore: time.optional(),
    expiresAt: time.optional(),
    reason: z.string().max(500).default(''),
  })
  .refine(
    ({ notBefore, expiresAt }) =>
      notBefore === undefined || expiresAt === undefined || Date.parse(notBefore) < Date.parse(expiresAt),
    'notBefore must be before expiresAt',
  )

export const grantSchema = z.strictObject({
  uid: z.string(),
  subject: z.strictObject({ kind: z.enum(['user', 'team', 'service-account']), uid: z.string() }),
  role: z.string(),
  where: z.union([
    z.strictObject({ kind: z.literal('org') }),
    z.strictObject({ kind: z.enum(['folder', 'data-source', 'dashboard', 'team']), uid: z.string() }),
  ]),
  constraints: z.array(z.string()),
  notBefore: z.string().nullable(),
  expiresAt: z.string().nullable(),
  reason: z.string(),
  state: z
    .enum(['in force', 'not yet', 'ended'])
    .describe('At the time of the answer; only what is in force gives anything'),
})
