import {
  type AccessQuestion,
  type ApprovedDashboard,
  authorizeByCapability,
  type CapabilityDecision,
  type CapabilityQuestion,
  createCapabilities,
  type Decision,
  type Instead,
  type OrgPolicy,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { parseSelector, print } from '@gatehouse/promql'
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

/** What a dashboard gives of a request. */
export interface Given {
  readonly decision: Decision
  /** What is answered: the question as asked, or as much of it as the dashboard shows. */
  readonly question: Question
  /** Set where series are asked for and the values of this label are given. */
  readonly seriesOf: string | undefined
}

/** Decides by dashboards what no grant gives; undefined if they do not give it either. */
export type DecideByCapability = (asked: AccessQuestion, input: CapabilityInput) => Given | undefined

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

function matchesOf(texts: readonly string[]) {
  return texts.map((text) => parseSelector(text))
}

function createAskedReader(): (question: Question) => Asked | undefined {
  const parse = createExpressionParser()
  return (question) => {
    switch (question.kind) {
      case 'query':
      case 'query_range':
        return readable(() => ({ kind: 'expr', expr: parse(question.query).expr }))
      case 'query_exemplars':
        return readable(() => ({ kind: 'exemplars', expr: parse(question.query).expr }))
      case 'label_values': {
        const { label } = question
        return readable(() => ({ kind: 'label-values', label, matches: matchesOf(question.matches) }))
      }
      case 'labels':
        return readable(() => ({ kind: 'label-names', matches: matchesOf(question.matches) }))
      case 'series':
        return readable(() => ({ kind: 'series', matches: matchesOf(question.matches) }))
      case 'format_query':
      case 'parse_query':
      case 'features':
      case 'buildinfo':
        return { kind: 'overview' }
      default:
        return undefined
    }
  }
}

/**
 * Grafana asks once whether a data source has exemplars at all; a refusal would switch them off. Answered with none: a number has no
 * series.
 */
function probed(question: Question): Question | undefined {
  return question.kind === 'query_exemplars' && question.query === 'test'
    ? { ...question, query: '0' }
    : undefined
}

/** The question as far as it is given. */
function givenOf(question: Question, instead: Instead): Pick<Given, 'question' | 'seriesOf'> | undefined {
  const matches = instead.matches.map((match) => print(match))
  if (instead.kind === 'values-as-series') {
    if (question.kind !== 'series') return undefined
    const { label } = instead
    return {
      question: { kind: 'label_values', label, matches, lookup: question.lookup },
      seriesOf: label,
    }
  }
  if (question.kind !== 'label_values' && question.kind !== 'labels') return undefined
  return { question: { ...question, matches }, seriesOf: undefined }
}

/** Creates the decider of one process; it remembers compiled dashboards and parsed texts. */
export function createCapabilityDecider(): DecideByCapability {
  const capabilityOf = createCapabilities()
  const read = createAskedReader()
  return (asked, { policy, dashboards, question, rawHeaders }) => {
    if (dashboards.length === 0) return undefined
    const decide = (request: Asked): CapabilityDecision =>
      authorizeByCapability(policy, asked, { request, dashboards, capabilityOf, hint: hintOf(rawHeaders) })
    const request = read(question)
    if (request === undefined) return undefined
    const decision = decide(request)
    if (decision.allowed) {
      const { instead } = decision
      const given = instead === undefined ? { question, seriesOf: undefined } : givenOf(question, instead)
      return given && { decision, ...given }
    }
    const probe = probed(question)
    const overview = probe && decide({ kind: 'overview' })
    return probe && overview?.allowed === true
      ? { decision: overview, question: probe, seriesOf: undefined }
      : undefined
  }
}
