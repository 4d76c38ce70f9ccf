import { parseSelector } from '@gatehouse/promql'
import type { DashboardQuery } from './dashboard.ts'
import type { KnownLookup } from './lookups.ts'
import { compileTemplate, type Template } from './template.ts'
import { occurrences, type Variable } from './variable.ts'

/** What a variable asks: an expression, look-ups, or why it cannot be told. */
export type VariableQuery =
  | { readonly expr: string }
  | { readonly lookups: readonly KnownLookup[] }
  | { readonly reason: string }

type Templates = { readonly templates: readonly Template[] } | { readonly reason: string }

const functions = ['label_values', 'label_names', 'metrics', 'query_result'] as const

/** A call as the query of a variable writes it. */
interface Call {
  readonly name: (typeof functions)[number]
  readonly argument: string
}

/** Reads `name(argument)`; undefined for anything else. */
export function callOf(text: string): Call | undefined {
  const [, written, argument = ''] = /^\s*(\w+)\(([\s\S]*)\)\s*$/.exec(text) ?? []
  const name = functions.find((known) => known === written)
  return name === undefined ? undefined : { name, argument: argument.trim() }
}

/** Whether Grafana sends a selector: not for an empty one. */
export function isSelectorDefined(selector: string): boolean {
  return selector.trim() !== '' && selector.replaceAll(' ', '') !== '{}'
}

/** The labels a `$variable` in place of a label can name; a plain name is itself. */
function labelsOf(text: string, variables: readonly Variable[]): readonly string[] | undefined {
  if (/^[a-zA-Z_]\w*$/.test(text)) return [text]
  const [place] = occurrences(text, () => true)
  if (place?.start !== 0 || place.end !== text.length) return undefined
  const options = variables.find(({ name }) => name === place.name)?.options
  return options?.every((option) => /^[a-zA-Z_]\w*$/.test(option)) === true ? options : undefined
}

function labelValues(
  query: DashboardQuery,
  argument: string,
  variables: readonly Variable[],
  compile: (selector: string) => Templates,
): VariableQuery {
  const [, selector = '', label = ''] = /^(?:([\s\S]*),)?\s*([^\s,{}"()]+)$/.exec(argument) ?? []
  const labels = labelsOf(label, variables)
  if (labels === undefined) return { reason: `${label} has no list of label names` }
  const compiled = isSelectorDefined(selector) ? compile(selector.trim()) : undefined
  if (compiled !== undefined && 'reason' in compiled) return compiled
  const selectors = compiled?.templates
  return { lookups: labels.map((name) => ({ query, kind: 'label-values', label: name, selectors })) }
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}

function metricNames(
  query: DashboardQuery,
  pattern: string,
  isOpen: boolean,
  compile: (selector: string) => Templates,
): VariableQuery {
  const compiled = compile(`{__name__=~"${pattern}"}`)
  if ('reason' in compiled) return compiled
  const known = {
    query,
    kind: 'label-values',
    label: '__name__',
    selectors: compiled.templates,
  } as const
  if (isOpen) return { lookups: [known] }
  // Older releases ask for all names and pick by a regular expression that may match anywhere.
  const picked = parseSelector(`{__name__=~".*(?:${quoted(pattern)}).*"}`)
  return { lookups: [{ ...known, picked }] }
}

/**
 * Reads the query of a variable: `label_values([selector,] label)`, `label_names([pattern])`, `metrics(pattern)`, `query_result(expr)`, or
 * a selector whose series are listed.
 */
export function readVariableQuery(query: DashboardQuery, variables: readonly Variable[]): VariableQuery {
  const compile = (selector: string): Templates => compileTemplate(selector, variables, parseSelector)
  const lookup = (kind: 'label-names' | 'series', selector: string | undefined): VariableQuery => {
    const compiled = selector === undefined ? undefined : compile(selector)
    if (compiled !== undefined && 'reason' in compiled) return compiled
    return { lookups: [{ query, kind, label: undefined, selectors: compiled?.templates }] }
  }
  const call = callOf(query.text)
  switch (call?.name) {
    case 'query_result':
      return { expr: call.argument }
    case 'label_values':
      return labelValues(query, call.argument, variables, compile)
    case 'label_names':
      return lookup('label-names', call.argument === '' ? undefined : `{__name__=~".*${call.argument}.*"}`)
    case 'metrics': {
      const isOpen = occurrences(call.argument, (name) => variables.some((v) => v.name === name)).length > 0
      return metricNames(query, call.argument, isOpen, compile)
    }
    default:
      return lookup('series', query.text.trim())
  }
}
