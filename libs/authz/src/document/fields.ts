import { isGatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { parseConstraint } from '../parse-constraint.ts'

export const uid = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'letters, digits, - and _; at most 63')
export const text = z.string().min(1).max(200)

/** As Mimir's tenant ids: safe in matchers, URLs and headers. */
export const tenant = z
  .string()
  .regex(/^[A-Za-z0-9!_.*'()-]{1,150}$/, "letters, digits and !-_.*'() only, at most 150")
  .refine((value) => value !== '.' && value !== '..' && !value.startsWith('__'), 'is a reserved name')

export const selector = z.string().superRefine((value, context) => {
  try {
    parseConstraint(value)
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    context.addIssue({ code: 'custom', message: error.message, input: value })
  }
})

/** One way of writing: which server a URL leads to is compared as text. */
function canonicalUrl(value: string): string {
  return URL.canParse(value) ? new URL(value).href.replace(/\/+$/, '') : value
}

export const baseUrl = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !/[?#@]|\/$/.test(value), 'a base URL without query, user or final /')
  .overwrite(canonicalUrl)
