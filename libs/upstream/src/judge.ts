import type { UpstreamRequest } from '@gatehouse/query'
import type { Exchange } from './exchange.ts'
import { readBody, tooLarge } from './read-body.ts'
import { type Failure, mapRefusal, unusable } from './refusal.ts'

const maxErrorBytes = 65_536
const openingBrace = 0x7b

async function readRefusal(exchange: Exchange): Promise<string> {
  try {
    return (await readBody(exchange, maxErrorBytes)).toString('utf8')
  } catch (error) {
    return String(error)
  }
}

function isAsked({ contentType, firstByte }: Exchange, { exposition }: UpstreamRequest): boolean {
  if (exposition !== undefined) return /^text\/plain\s*(;|$)/i.test(contentType)
  // VictoriaMetrics calls a range vector a stream, though it is one object as ever.
  return /^application\/(stream\+)?json\s*(;|$)/i.test(contentType) && firstByte === openingBrace
}

/** What is wrong with an answer, or undefined if its body may be passed on. What is wrong is read to its end or aborted. */
export async function judge(
  exchange: Exchange,
  request: UpstreamRequest,
  maxResponseBytes: number,
): Promise<Failure | undefined> {
  const { status, contentType, contentEncoding, contentLength, isFramed, firstByte } = exchange
  if (status >= 400) return mapRefusal(status, await readRefusal(exchange))
  const isPlain = contentEncoding === '' || contentEncoding === 'identity'
  const head = `status ${status}, content type ${contentType}, content encoding ${contentEncoding}`
  const failure =
    status !== 200 || !isAsked(exchange, request) || !isPlain || !isFramed
      ? unusable(`${head}, first byte ${firstByte}, ${isFramed ? '' : 'un'}framed`)
      : (contentLength ?? 0) > maxResponseBytes
        ? { error: tooLarge(maxResponseBytes), mayRetry: false, isReplicaFault: false }
        : undefined
  if (failure !== undefined) exchange.abort(failure.error)
  return failure
}
