import { type Constraints, overlapOf } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import { parse, selectors } from '@gatehouse/promql'
import type { Labelled } from '@gatehouse/query'
import { matchersOf } from '../parse.ts'

/** Whether a rule's expression speaks of nothing but series that the constraints admit. One that cannot be read does not. */
export function isOwnQuery(query: string, constraints: Constraints): boolean {
  try {
    return selectors(parse(query)).every((selector) => overlapOf(matchersOf(selector), constraints) === 'all')
  } catch (error) {
    if (isGatehouseError(error)) return false
    throw error
  }
}

const templateAction = /\{\{(?:"(?:\\.|[^"\\])*"|`[^`]*`|(?!\}\})[\s\S])*\}\}/g
const quoted = /"(?:\\.|[^"\\])*"|`[^`]*`/g

/** Whether a template runs a query of its own, whose result may be anybody's. */
function runsQuery(template: string): boolean {
  return (template.match(templateAction) ?? []).some((action) => /\bquery\b/.test(action.replace(quoted, '')))
}

/** Annotations with the texts blanked whose template, if there is one, runs a query of its own. */
export function ownAnnotations(texts: Labelled | undefined, templates: Labelled | undefined): Labelled {
  const entries = Object.entries(texts ?? {}).map(([name, text]) => {
    const template = templates !== undefined && Object.hasOwn(templates, name) ? templates[name] : undefined
    return [name, template === undefined || runsQuery(template) ? '' : text] as const
  })
  return Object.fromEntries(entries)
}
