import { type Matcher, parseSelector, print, type VectorSelector } from '@gatehouse/promql'
import type { DashboardQuery } from './dashboard.ts'
import { hasHoleText } from './holes.ts'
import { type MatchOptions, matchesTemplate } from './match.ts'
import type { Template } from './template.ts'

/** What is asked about series without evaluating anything: names or values of labels, or whole label sets. */
export type Lookup =
  | { readonly kind: 'label-values'; readonly label: string; readonly matches: readonly VectorSelector[] }
  | { readonly kind: 'label-names' | 'series'; readonly matches: readonly VectorSelector[] }

/**
 * What is answered instead of what was asked, where clients ask for more than the dashboard shows: the same look-up on these selectors,
 * or, to a question for series, only their values of one label.
 */
export type Instead =
  | { readonly kind: 'narrowed'; readonly matches: readonly VectorSelector[] }
  | {
      readonly kind: 'values-as-series'
      readonly label: string
      readonly matches: readonly VectorSelector[]
    }

/** A look-up that a variable makes. */
export interface KnownLookup {
  readonly query: DashboardQuery
  readonly kind: Lookup['kind']
  /** Of which label the values are; undefined for other kinds. */
  readonly label: string | undefined
  /** Undefined where the variable names no series. */
  readonly selectors: readonly Template[] | undefined
  /** What is meant by a client that asks without any selector and picks from the answer. */
  readonly picked?: VectorSelector
}

/** What admits a look-up, and what is to be answered. */
export interface AdmittedLookup {
  readonly query: DashboardQuery
  readonly instead: Instead | undefined
}

// Ad-hoc filters never narrow the variables' own look-ups.
const exact: MatchOptions = { adhoc: false }

function isOneOf(templates: readonly Template[], selector: VectorSelector): boolean {
  return templates.some((template) => matchesTemplate(template, selector, exact))
}

function admitsSame(known: KnownLookup, { matches }: Lookup): Instead | 'as asked' | undefined {
  const [first, ...more] = matches
  if (more.length > 0) return undefined
  if (first === undefined) {
    if (known.selectors === undefined) return 'as asked'
    return known.picked === undefined ? undefined : { kind: 'narrowed', matches: [known.picked] }
  }
  return known.selectors !== undefined && isOneOf(known.selectors, first) ? 'as asked' : undefined
}

function isPresence(label: string): (matcher: Matcher) => boolean {
  return ({ name, op, value }) => name === label && op === '!=' && value === ''
}

/** Grafana set to look up series, or not told what it talks to, asks for whole series and shows one label of them. */
function admitsValuesOfSeries(known: KnownLookup, { matches }: Lookup): Instead | undefined {
  const { label, selectors } = known
  const [first, ...more] = matches
  if (label === undefined || first === undefined || more.length > 0) return undefined
  const presence = isPresence(label)
  const others = first.matchers.filter((matcher) => !presence(matcher))
  const isBare = first.name === undefined && others.length === 0 && first.matchers.length > 0
  const isMeant =
    selectors === undefined
      ? isBare
      : isOneOf(selectors, first) || isOneOf(selectors, { ...first, matchers: others })
  return isMeant ? { kind: 'values-as-series', label, matches } : undefined
}

/** The variable that makes this look-up, if one does. */
export function admitLookup(known: readonly KnownLookup[], asked: Lookup): AdmittedLookup | undefined {
  const own = known.filter(
    ({ kind, label }) => kind === asked.kind && (asked.kind !== 'label-values' || label === asked.label),
  )
  for (const one of own) {
    const found = admitsSame(one, asked)
    if (found !== undefined) return { query: one.query, instead: found === 'as asked' ? undefined : found }
  }
  for (const one of asked.kind === 'series' ? known : []) {
    const instead = admitsValuesOfSeries(one, asked)
    if (instead !== undefined) return { query: one.query, instead }
  }
  return undefined
}

const maxSelectors = 200

/** A selector of the dashboard without what variables decide. */
export interface FixedSelector {
  readonly query: DashboardQuery
  readonly selector: VectorSelector
}

/** What of a template's selector no value can change; undefined if that names no series. */
export function fixedPart({ name, matchers, position }: VectorSelector): VectorSelector | undefined {
  const fixed = matchers.filter(({ value }) => !hasHoleText(value))
  const selector = {
    kind: 'VectorSelector',
    name,
    matchers: fixed,
    offsetMs: 0,
    at: undefined,
    position,
  } as const
  try {
    return parseSelector(print(selector))
  } catch {
    return undefined
  }
}

function both(fixed: VectorSelector, asked: VectorSelector): VectorSelector | undefined {
  if (fixed.name !== undefined && asked.name !== undefined && fixed.name !== asked.name) return undefined
  const name = fixed.name ?? asked.name
  const isAnyName = isPresence('__name__')
  const extra = asked.matchers.filter((matcher) => !(name !== undefined && isAnyName(matcher)))
  const matchers = [...fixed.matchers, ...extra]
  // A metric name and a matcher on it cannot stand in one selector.
  if (name !== undefined && matchers.some((matcher) => matcher.name === '__name__')) return undefined
  return { ...fixed, name, matchers }
}

/**
 * Ad-hoc filters offer labels and values without naming all the series they are for: answered for those that the dashboard's queries
 * are about, whatever else is in the data source.
 */
export function admitAdhoc(fixed: readonly FixedSelector[], asked: Lookup): AdmittedLookup | undefined {
  const [first] = fixed
  if (asked.kind === 'series' || first === undefined) return undefined
  if (asked.matches.length * fixed.length > 10_000) return undefined
  const all =
    asked.matches.length === 0
      ? fixed.map(({ selector }) => selector)
      : asked.matches.flatMap((match) => fixed.flatMap(({ selector }) => both(selector, match) ?? []))
  const matches = [...new Map(all.map((selector) => [print(selector), selector])).values()]
  if (matches.length === 0 || matches.length > maxSelectors) return undefined
  return { query: first.query, instead: { kind: 'narrowed', matches } }
}
