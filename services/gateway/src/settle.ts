import type { Answer } from './answer.ts'
import { holdOrStream } from './cached/held-body.ts'

/** Answers up to this length are whole before they are recorded, so that their event tells all of them; bytes. */
export const wholeUpTo = 65_536

async function settleStream({
  exchange,
  end,
  samples,
  check,
  ...answer
}: Extract<Answer, { kind: 'stream' }>): Promise<Answer> {
  try {
    const held = await holdOrStream(exchange, wholeUpTo)
    if (held.kind === 'stream')
      return {
        ...answer,
        exchange: held.stream,
        check,
        ...(samples === undefined ? {} : { samples }),
        ...(end === undefined ? {} : { end }),
      }
    check?.({ responseBytes: held.body.length })
    end?.()
    return { ...answer, kind: 'bytes', body: held.body, gzip: undefined }
  } catch (error) {
    end?.()
    throw error
  }
}

/**
 * Reads a short answer to its end before it is recorded: what breaks off in it is a refusal then, and its event tells its length. Of
 * a longer one the beginning is read.
 * @throws GatehouseError `bad_gateway` for a short answer that broke off, `execution` for one beyond its caller's limit.
 */
export async function settle(answer: Answer): Promise<Answer> {
  return answer.kind === 'stream' ? settleStream(answer) : answer
}
