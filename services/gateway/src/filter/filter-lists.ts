import type { Constraints } from '@gatehouse/authz'
import { createAdmission } from '@gatehouse/query'
import { successText } from '../answer.ts'
import type { Question } from '../question.ts'
import { type Envelope, readEnvelope } from '../upstream-envelope.ts'
import { alertsData } from './alerts.ts'
import { metadataData } from './metadata.ts'
import { rulesData } from './rules.ts'
import { targetsData } from './targets.ts'

/** A question whose answer is filtered. */
export type Filtered = Extract<Question, { kind: 'rules' | 'alerts' | 'targets' | 'metadata' }>

/** Lists of shards, and what of them is shown. */
export interface FilterJob {
  readonly kind: 'filter'
  readonly question: Filtered
  readonly constraints: Constraints
  /** What admits alerts beside rules; undefined if none may be seen. */
  readonly alerts: Constraints | undefined
}

function namesIn({ data }: Envelope): ReadonlySet<string> {
  const names: readonly unknown[] = Array.isArray(data) ? data : []
  return new Set(names.filter((name) => typeof name === 'string'))
}

function dataOf({ question, constraints, alerts }: FilterJob, envelopes: readonly Envelope[]): object {
  const answers = envelopes.map(({ data }) => data)
  const admits = createAdmission(constraints.alternatives)
  switch (question.kind) {
    case 'rules':
      return rulesData(answers, { constraints, alerts, selection: question.selection })
    case 'alerts':
      return alertsData(answers, admits)
    case 'targets':
      return targetsData(question.state === 'dropped' ? [] : answers, admits, question.scrapePool)
    case 'metadata': {
      const half = envelopes.length / 2
      const names = envelopes.slice(0, half).map(namesIn)
      const shards = names.map((own, i) => ({ names: own, data: answers[half + i] }))
      return metadataData(shards, question)
    }
  }
}

/** What the caller may see of the shards' lists; for `metadata` these are the names of its series, then the metadata. @throws GatehouseError */
export function filterLists(job: FilterJob, bodies: readonly Buffer[]): string {
  const envelopes = bodies.map(readEnvelope)
  const warnings = new Set(envelopes.flatMap((envelope) => envelope.warnings))
  return successText(JSON.stringify(dataOf(job, envelopes)), [...warnings])
}
