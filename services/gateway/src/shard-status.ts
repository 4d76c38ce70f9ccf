import { authorize, type Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { type DataSource, type Replica, type Shard, statusRequest } from '@gatehouse/query'
import type { Upstream } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import type { Budget } from './budget.ts'
import { completenessHeaders } from './completeness.ts'
import type { Question } from './question.ts'
import type { OrgState } from './reach.ts'
import type { PrometheusRequest } from './request.ts'
import type { Trail } from './trail.ts'

/** A question after a replica's own state. */
export type StatusQuestion = Extract<Question, { kind: 'status' }>

interface Deps {
  readonly orgState: (orgUid: string) => Promise<OrgState>
  readonly upstream: Upstream
}

/** One of a list by its name; the only one if no name is given. @throws GatehouseError `bad_data` naming them */
function pick<T extends { readonly name: string }>(all: readonly T[], name: string, noun: string): T {
  const [only] = all
  if (name === '' && all.length === 1 && only !== undefined) return only
  const found = all.find((one) => one.name === name)
  if (found !== undefined) return found
  const names = all.map((one) => one.name).join(', ')
  throw new GatehouseError('bad_data', `invalid parameter "${noun}": name one of ${names}`)
}

/**
 * Who may see it: those of the platform org who hold `system:read`. A shard's own state tells of all tenants on it, so that nobody in one
 * org may.
 */
async function sourceOf(
  { question, dataSourceUid }: { readonly question: StatusQuestion; readonly dataSourceUid: string },
  { principal, orgState, trail }: Deps & { readonly principal: Principal; readonly trail: Trail },
): Promise<DataSource> {
  const { policy } = await orgState(principal.orgUid)
  const orgUid = question.org === '' ? principal.orgUid : question.org
  const resource = { kind: 'org', uid: orgUid, orgUid: principal.orgUid } as const
  const asked = { principal, action: 'system:read', resource, now: trail.startedAt } as const
  const decision = policy.isPlatform
    ? authorize(policy, asked)
    : ({ allowed: false, reason: 'only the platform sees it', policyVersion: policy.version } as const)
  if (!trail.note('decision', decision).allowed)
    throw new GatehouseError('forbidden', 'not allowed: the state of shards is for operators of the platform')
  const source = (await orgState(orgUid)).dataSources.get(dataSourceUid)
  if (source === undefined) throw new GatehouseError('not_found', 'there is no such data source')
  return trail.note('source', source) ?? source
}

function narrowed(source: DataSource, question: StatusQuestion): { shard: Shard; replica: Replica } {
  const shard = pick(source.shards, question.shard, 'shard')
  const replica = pick(shard.replicas, question.replica, 'replica')
  return { shard: { ...shard, replicas: [replica] }, replica }
}

/**
 * Answers `status/…`: what one replica says of itself, as it is.
 * @throws GatehouseError `forbidden`, `not_found`, `bad_data`, and as `Upstream.open` does.
 */
export async function answerShardStatus(
  { dataSourceUid, question }: PrometheusRequest & { readonly question: StatusQuestion },
  deps: Deps & { readonly principal: Principal },
  { trail, budget }: { readonly trail: Trail; readonly budget: Budget },
): Promise<Answer> {
  const source = await sourceOf({ question, dataSourceUid }, { ...deps, trail })
  const { shard, replica } = narrowed(source, question)
  const request = statusRequest(question.page, question)
  const { exchange } = await deps.upstream.open(shard, request, budget.signal)
  trail.answered(shard.name, replica.name)
  const answered = [{ shard: shard.name, replica: replica.name }]
  return {
    kind: 'stream',
    exchange,
    headers: completenessHeaders({ asked: [shard.name], answered, cache: undefined }),
  }
}

/** Whether a request asks for a replica's own state. */
export function asksStatus(
  req: PrometheusRequest,
): req is PrometheusRequest & { readonly question: StatusQuestion } {
  return req.question.kind === 'status'
}
