import { list } from '../parts/list.ts'
import * as z from 'zod/mini'
import type { Effect, RehearsalReport, RehearsalSummary } from './model.ts'

/** Effects with the worst first, each with its colour and what it means. */
export const effects: Readonly<
  Record<
    Effect,
    { readonly word: string; readonly kind: 'good' | 'caution' | 'danger'; readonly means: string }
  >
> = {
  'newly-denied': {
    word: 'newly denied',
    kind: 'danger',
    means: 'They may ask today, and could no longer.',
  },
  narrowed: { word: 'narrowed', kind: 'caution', means: 'They would see fewer series.' },
  changed: {
    word: 'changed',
    kind: 'caution',
    means: 'They would see other series, neither plainly fewer nor more.',
  },
  'newly-allowed': { word: 'newly allowed', kind: 'good', means: 'They are refused today, and could ask.' },
  widened: { word: 'widened', kind: 'good', means: 'They would see more series.' },
}
export const effectOrder: readonly Effect[] = [
  'newly-denied',
  'narrowed',
  'changed',
  'newly-allowed',
  'widened',
]

/** An effect that a report names, or that nothing would change, in words. */
export function effectWord(name: string): string {
  const known = effectOrder.find((one) => one === name)
  return known === undefined ? name : effects[known].word
}

function requestsText(count: number): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? 'request' : 'requests'}`
}

/** What the change would have done to the requests of the period, in two sentences. */
export function reportText({ requests, unchanged, counts, unjudged }: RehearsalReport): string {
  if (requests === 0) return 'Nobody asked for series in this period, so nothing can be said.'
  const touched = effectOrder
    .filter((effect) => counts[effect].requests > 0)
    .map((effect) => `${requestsText(counts[effect].requests)} would be ${effects[effect].word}`)
  const open = unjudged.requests === 0 ? [] : [`${requestsText(unjudged.requests)} cannot be judged`]
  const parts = [...touched, ...open]
  if (parts.length === 0) return `All ${requestsText(requests)} would be answered as they were.`
  const same = unchanged === 0 ? 'none' : unchanged.toLocaleString('en-GB')
  return `Of ${requestsText(requests)}, ${same} would be answered as before. ${list(parts)}.`
}

/** What a request was for, as its client said. */
export function purposeText({
  dashboard,
  alert,
  via,
}: {
  readonly dashboard: string | null
  readonly alert: string | null
  readonly via?: string | null
}): string {
  if (alert !== null) return `alert ${alert}`
  if (via !== null && via !== undefined) return `through dashboard ${via}`
  return dashboard === null ? 'no dashboard' : `dashboard ${dashboard}`
}

export const stateKinds = { running: 'plain', done: 'good', failed: 'danger' } as const

/** How far a rehearsal is. */
export function progressText({ state, progress, requests }: RehearsalSummary): string {
  if (state === 'running') return `${Math.floor(progress * 100)} %, ${requestsText(requests)} so far`
  return state === 'done' ? requestsText(requests) : 'failed'
}

const written = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  orgs: z.array(z.looseObject({ uid: z.string() })),
})

/** The part of an access file that is about one org, as the API takes it; a sentence if there is none. */
export function documentFor(
  org: string,
  file: unknown,
): { readonly document: unknown } | { readonly fault: string } {
  const parsed = written.safeParse(file)
  if (!parsed.success) return { fault: 'This is no access file: it needs apiVersion, kind and orgs.' }
  const mine = parsed.data.orgs.filter(({ uid }) => uid === org)
  if (mine.length === 0) return { fault: `The file says nothing about your org, ${org}.` }
  return { document: { ...parsed.data, orgs: mine } }
}
