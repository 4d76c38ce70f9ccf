import type { CacheOutcome } from '@gatehouse/cache'
import { annotateLong, engineName } from '@gatehouse/query'
import { readBody } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import { maxReadBytes } from './ask.ts'
import { cacheHeader } from './cached/tell.ts'
import { readEnvelope } from './upstream-envelope.ts'

/** Where an answer comes from: the shards that were asked, and the replicas that answered, or were missing. */
export interface Completeness {
  readonly asked: readonly string[]
  readonly answered: readonly { readonly shard: string; readonly replica: string }[]
  /** How the cache came by it; undefined where there is nothing to cache. */
  readonly cache: CacheOutcome | undefined
}

function replicasOf({ answered }: Completeness): readonly string[] {
  // Encoded: a name may hold what a header must not.
  const names = answered.map(
    ({ shard, replica }) => `${encodeURIComponent(shard)}/${encodeURIComponent(replica)}`,
  )
  return [...new Set(names)]
}

function countsOf({ asked, answered }: Completeness): string {
  const names = new Set(asked)
  // The engine is asked when answers prove to need it; an answer that was there already asked nobody.
  if (names.size > 0 && answered.some(({ shard }) => shard === engineName)) names.add(engineName)
  return `asked=${names.size}, answered=${new Set(answered.map(({ shard }) => shard)).size}`
}

/** The headers that tell where an answer comes from. */
export function completenessHeaders(of: Completeness): Readonly<Record<string, string>> {
  const replicas = replicasOf(of)
  return {
    'x-gatehouse-shards': countsOf(of),
    ...(replicas.length === 0 ? {} : { 'x-gatehouse-replicas': replicas.join(', ') }),
    ...(of.cache === undefined ? {} : { 'x-gatehouse-cache': cacheHeader(of.cache) }),
  }
}

/** The whole body of an answer. @throws GatehouseError as `readBody` */
export async function bodyOf(answer: Answer): Promise<Buffer> {
  switch (answer.kind) {
    case 'bytes':
      return answer.tail === undefined ? answer.body : Buffer.concat([answer.body, answer.tail])
    case 'body':
      return Buffer.from(answer.rendered.body)
    case 'stream':
      return readBody(answer.exchange, maxReadBytes).finally(() => answer.end?.())
  }
}

/** The same answer with a sentence in its `infos` that tells where it comes from. @throws GatehouseError as `readBody` */
export async function withInfos(answer: Answer, of: Completeness): Promise<Answer> {
  const cached = of.cache === undefined ? '' : `; cache: ${cacheHeader(of.cache)}`
  const told = `shards: ${countsOf(of)}; replicas: ${replicasOf(of).join(', ') || 'none'}${cached}`
  const whole = await bodyOf(answer)
  const long = annotateLong(whole, { warnings: [], infos: [told] })
  if (long !== undefined) return { kind: 'bytes', ...long, gzip: undefined }
  const { data, warnings, infos } = readEnvelope(whole)
  const body = JSON.stringify({
    status: 'success',
    data,
    ...(warnings.length === 0 ? {} : { warnings }),
    infos: [...infos, told],
  })
  return { kind: 'body', rendered: { status: 200, headers: { 'content-type': 'application/json' }, body } }
}
