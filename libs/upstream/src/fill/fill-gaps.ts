import type { Shard } from '@gatehouse/query'
import type { BodySink } from '../exchange.ts'
import { readBody } from '../read-body.ts'
import type { Upstream, UpstreamAnswer, UpstreamBody } from '../upstream.ts'
import { fillableOf } from './may-fill.ts'
import { putTogether } from './put-together.ts'

/** A body that is here already. */
function bodyOf(bytes: Buffer, date: number | undefined): UpstreamBody {
  return {
    date,
    contentLength: bytes.length,
    attach(sink: BodySink) {
      sink.data(bytes)
      sink.end()
    },
    resume: () => undefined,
    abort: () => undefined,
  }
}

interface Answered {
  readonly body: Buffer
  readonly replica: string
  readonly date: number | undefined
}

/** What came until one has come and a while has passed. @throws the first failure if none came */
async function gather(
  attempts: readonly Promise<Answered>[],
  graceMs: number,
): Promise<readonly (Answered | undefined)[]> {
  const answers: (Answered | undefined)[] = attempts.map(() => undefined)
  const noted = attempts.map(async (attempt, i) => {
    answers[i] = await attempt
  })
  const all = Promise.allSettled(noted)
  try {
    await Promise.any(noted)
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
  const { promise: grace, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, graceMs)
  await Promise.race([all, grace])
  clearTimeout(timer)
  return [...answers]
}

/** How long the others are waited for when one has answered, ms. */
const graceMs = 2_000

/**
 * Makes a client that asks all replicas of a shard and takes from one what another lacks, for requests where that is exact; others go to
 * one replica as ever. It holds answers whole.
 * @param maxBytes Longest answer of one replica that it holds.
 */
export function fillGaps(upstream: Upstream, inOrder: (shard: Shard) => Shard, maxBytes: number): Upstream {
  return {
    ...upstream,
    async open(shard, request, signal): Promise<UpstreamAnswer> {
      const kind = shard.replicas.length > 1 ? fillableOf(request) : undefined
      if (kind === undefined) return upstream.open(shard, request, signal)
      const siblings = new AbortController()
      const both = AbortSignal.any([signal, siblings.signal])
      const attempts = inOrder(shard).replicas.map(async (one): Promise<Answered> => {
        const { exchange, replica } = await upstream.open({ ...shard, replicas: [one] }, request, both)
        return { body: await readBody(exchange, maxBytes), replica, date: exchange.date }
      })
      try {
        const answers = (await gather(attempts, graceMs)).filter((answer) => answer !== undefined)
        const body = putTogether(
          answers.map((answer) => answer.body),
          kind,
        )
        const replica = answers.map((answer) => answer.replica).join('+')
        return { exchange: bodyOf(body, answers[0]?.date), replica }
      } finally {
        siblings.abort(new Error('another replica answered'))
      }
    },
  }
}
