import { GatehouseError } from '@gatehouse/errors'
import { createAdmission, metadataRequest } from '@gatehouse/query'
import { type Answer, success } from './answer.ts'
import { askAll, type Execution, maxReadBytes } from './ask.ts'
import { alertsData } from './filter/alerts.ts'
import { metadataData } from './filter/metadata.ts'
import { rulesData } from './filter/rules.ts'
import { targetsData } from './filter/targets.ts'
import type { Plan } from './plan.ts'
import type { Question } from './question.ts'
import { toRequest } from './requests.ts'
import { type Envelope, readEnvelope } from './upstream-envelope.ts'

/** A question whose answer is filtered. */
export type Filtered = Extract<Question, { kind: 'rules' | 'alerts' | 'targets' | 'metadata' }>

/** No caller can ask a shard for fewer rules or targets: a list beyond the limit is the shard's, not the question's. */
function tooLong(): GatehouseError {
  return new GatehouseError(
    'bad_gateway',
    `the shards' lists are larger than ${maxReadBytes} bytes, the most that is filtered here`,
  )
}

function namesIn({ data }: Envelope): ReadonlySet<string> {
  const names: readonly unknown[] = Array.isArray(data) ? data : []
  return new Set(names.filter((name) => typeof name === 'string'))
}

async function filteredData(
  question: Filtered,
  plan: Plan,
  execution: Execution,
): Promise<{ data: object; warnings: readonly string[] }> {
  const { budget, access, alerts } = execution
  const ask = { execution, steps: plan.steps, beyond: tooLong }
  const bodies = await askAll(ask, (step) => toRequest(question, step, { plan, budget }))
  const envelopes = bodies.map(readEnvelope)
  const answers = envelopes.map(({ data }) => data)
  const warnings = envelopes.flatMap((envelope) => envelope.warnings)
  const admits = createAdmission(access.constraints.alternatives)
  switch (question.kind) {
    case 'rules': {
      const scope = { constraints: access.constraints, alerts, selection: question.selection }
      return { data: rulesData(answers, scope), warnings }
    }
    case 'alerts':
      return { data: alertsData(answers, admits), warnings }
    case 'targets':
      return {
        data: targetsData(question.state === 'dropped' ? [] : answers, admits, question.scrapePool),
        warnings,
      }
    case 'metadata': {
      const metric = question.metric === '' ? undefined : question.metric
      const metadata = await askAll(ask, () => metadataRequest(metric))
      const shards = metadata.map((body, i) => {
        const names = envelopes[i]
        return {
          names: names === undefined ? new Set<string>() : namesIn(names),
          data: readEnvelope(body).data,
        }
      })
      return { data: metadataData(shards, question), warnings }
    }
  }
}

/** Answers what no request to a shard could constrain: the shards' answers, without what the caller may not see. */
export async function answerFiltered(question: Filtered, plan: Plan, execution: Execution): Promise<Answer> {
  const { data, warnings } = await filteredData(question, plan, execution)
  return success(JSON.stringify(data), [...new Set(warnings)])
}
