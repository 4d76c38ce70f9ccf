import type { IncomingMessage, ServerResponse } from 'node:http'

/** What a service says about itself. */
export interface Health {
  /** Why the service cannot take requests now; undefined when it can. */
  notReady(): string | undefined
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> }
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): true {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
  return true
}

/**
 * Answers `/-/healthy` (the process runs), `/-/ready` (it can take requests; 503 with the reason if not) and `/metrics`,
 * as Prometheus names them. For node:http and Express alike.
 * @returns Whether the request was one of these.
 */
export async function answerHealth(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
): Promise<boolean> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  switch (request.url) {
    case '/-/healthy':
      return answer(response, 200, 'healthy\n')
    case '/-/ready': {
      const reason = health.notReady()
      return answer(response, reason === undefined ? 200 : 503, `${reason ?? 'ready'}\n`)
    }
    case '/metrics':
      return answer(response, 200, await health.metrics.metrics(), health.metrics.contentType)
    default:
      return false
  }
}
