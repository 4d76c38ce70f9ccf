import {
  type AccessQuestion,
  type ApprovedDashboard,
  authorizeByCapability,
  type CapabilityQuestion,
  createCapabilities,
  type Decision,
  type OrgPolicy,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { parseSelector } from '@gatehouse/promql'
import { createExpressionParser } from './parse.ts'
import type { Question } from './question.ts'

type Asked = CapabilityQuestion['request']

/** What of a request a dashboard could give. */
interface CapabilityInput {
  readonly policy: OrgPolicy
  readonly dashboards: readonly ApprovedDashboard[]
  readonly question: Question
  readonly rawHeaders: readonly string[]
}

/** Decides by dashboards what no grant gives; undefined if they do not give it either. */
export type DecideByCapability = (asked: AccessQuestion, input: CapabilityInput) => Decision | undefined

function hintOf(rawHeaders: readonly string[]): string | undefined {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'x-dashboard-uid')
  return at === -1 ? undefined : rawHeaders[at + 1]
}

/** Runs what reads a caller's text; undefined if it cannot be read: then it is no dashboard's query. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'bad_data') return undefined
    throw error
  }
}

function createAskedReader(): (question: Question) => Asked | undefined {
  const parse = createExpressionParser()
  return (question) => {
    if (question.kind === 'query' || question.kind === 'query_range') {
      const { query } = question
      return readable(() => ({ kind: 'expr', expr: parse(query).expr }))
    }
    switch (question.kind) {
      case 'label_values': {
        const { label, matches } = question
        return readable(() => ({
          kind: 'label-values',
          label,
          matches: matches.map((text) => parseSelector(text)),
        }))
      }
      case 'format_query':
      case 'parse_query':
      case 'features':
      case 'buildinfo':
        return { kind: 'overview' }
      // Label names and whole label sets tell more than any query of a dashboard shows.
      default:
        return undefined
    }
  }
}

/** Creates the decider of one process; it remembers compiled dashboards and parsed texts. */
export function createCapabilityDecider(): DecideByCapability {
  const capabilityOf = createCapabilities()
  const read = createAskedReader()
  return (asked, { policy, dashboards, question, rawHeaders }) => {
    if (dashboards.length === 0) return undefined
    const request = read(question)
    if (request === undefined) return undefined
    const hint = hintOf(rawHeaders)
    const decision = authorizeByCapability(policy, asked, { request, dashboards, capabilityOf, hint })
    // What would have to be answered otherwise than asked is not given.
    return decision.allowed && decision.instead === undefined ? decision : undefined
  }
}
