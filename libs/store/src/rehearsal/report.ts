import type { Constraints, Rehearsal, RehearsedEffect, UnjudgedLine } from '@gatehouse/authz'
import { printMatcher } from '@gatehouse/promql'
import { z } from 'zod'

const count = z.strictObject({ lines: z.number(), requests: z.number() })

const effect = z.enum(['newly-denied', 'newly-allowed', 'narrowed', 'widened', 'changed'])
const outcome = z.enum([...effect.options, 'unchanged'])
const who = z.strictObject({ kind: z.enum(['user', 'service-account']), uid: z.string(), name: z.string() })

/** A rehearsal as it is answered, printed and kept: plain values only. */
export const rehearsalReportSchema = z.strictObject({
  orgUid: z.string(),
  requests: z.number().describe('Requests looked at'),
  unchanged: z.number().describe('Requests the change does nothing to'),
  counts: z.strictObject({
    'newly-denied': count,
    'newly-allowed': count,
    narrowed: count,
    widened: count,
    changed: count,
  }),
  unjudged: z
    .strictObject({
      requests: z.number(),
      lines: z.array(
        z.strictObject({
          who,
          dataSource: z.string(),
          dashboard: z.string().nullable(),
          alert: z.string().nullable(),
          requests: z.number(),
          teams: z.array(z.string()).describe('Whether they are in these is known when they sign in again'),
          ifIn: outcome,
          ifNot: outcome,
        }),
      ),
      omitted: z.number().describe('Lines beyond the first 1,000'),
    })
    .describe('Requests whose fate depends on groups of people that nobody knows yet'),
  cautions: z.array(z.string()),
  lines: z.array(
    z.strictObject({
      effect,
      who,
      action: z.string(),
      dataSource: z.string(),
      dashboard: z.string().nullable().describe('As the client said; unverified'),
      alert: z.string().nullable().describe('As the client said; unverified'),
      via: z
        .string()
        .nullable()
        .describe('Dashboard by which it was allowed, or would be, where no grant did'),
      query: z.string().nullable().optional().describe('The most used of what they asked'),
      allowed: z.number(),
      denied: z.number(),
      lastAt: z.string(),
      before: z.array(z.string()).describe('Selectors, any of which admits a series; none admits nothing'),
      after: z.array(z.string()),
      reason: z.string().nullable(),
    }),
  ),
  omitted: z.number().describe('Lines beyond the first 1,000'),
})

/** A rehearsal as plain values. */
export type RehearsalReport = z.output<typeof rehearsalReportSchema>

const maxLines = 1_000

function selectorsOf({ alternatives }: Constraints): string[] {
  return alternatives.map((matchers) => `{${matchers.map(printMatcher).join(',')}}`)
}

function unjudgedOf(lines: readonly UnjudgedLine[]): RehearsalReport['unjudged'] {
  const shown = lines.slice(0, maxLines).map((line) => ({
    who: { kind: line.who.kind, uid: line.who.uid, name: line.who.name },
    dataSource: line.dataSource,
    dashboard: line.dashboard ?? null,
    alert: line.alert ?? null,
    requests: line.allowed + line.denied,
    teams: [...line.teams],
    ifIn: line.ifIn,
    ifNot: line.ifNot,
  }))
  const requests = lines.reduce((sum, { allowed, denied }) => sum + allowed + denied, 0)
  return { requests, lines: shown, omitted: lines.length - shown.length }
}

/** A rehearsal as plain values, at most 1,000 lines of it. */
export function reportOf(orgUid: string, rehearsal: Rehearsal): RehearsalReport {
  const { lines, counts, requests, unchanged, unjudged, cautions } = rehearsal
  const shown = lines.slice(0, maxLines).map((line) => ({
    effect: line.effect satisfies RehearsedEffect,
    who: { kind: line.who.kind, uid: line.who.uid, name: line.who.name },
    action: line.action,
    dataSource: line.dataSource,
    dashboard: line.dashboard ?? null,
    alert: line.alert ?? null,
    via: line.via ?? null,
    query: line.asked?.query ?? null,
    allowed: line.allowed,
    denied: line.denied,
    lastAt: new Date(line.lastAt).toISOString(),
    before: selectorsOf(line.before),
    after: selectorsOf(line.after),
    reason: line.reason ?? null,
  }))
  return {
    orgUid,
    requests,
    unchanged,
    counts: { ...counts },
    unjudged: unjudgedOf(unjudged),
    cautions: [...cautions],
    lines: shown,
    omitted: lines.length - shown.length,
  }
}
