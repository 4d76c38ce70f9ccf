import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { AuditEvent } from '@gatehouse/audit'
import type { ListenTls } from '@gatehouse/config'
import { renderPrometheus } from '@gatehouse/errors'
import { answerHealth, createHttpServer, type Health, refuseMalformed } from '@gatehouse/http'
import type { Logger } from '@gatehouse/telemetry'

/** Room for headers besides the URL, bytes; Node's own default for both together. */
const maxHeaderBytes = 16_384

function serverOptions(maxUrlBytes: number): ServerOptions {
  return {
    // Slow senders are cut off here; the time of an answer is bounded by its deadline instead.
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 1_000,
    // Longer than load balancers keep idle connections, so that none sends into one we close.
    keepAliveTimeout: 75_000,
    // A URL a little too long is answered 414, beyond that 431.
    maxHeaderSize: maxUrlBytes * 2 + maxHeaderBytes,
    insecureHTTPParser: false,
    // The handler refuses requests without one, in our own words and with an audit event.
    requireHostHeader: false,
  }
}

/** What the server's requests are handed to. */
export interface ServerDeps {
  readonly maxUrlBytes: number
  readonly tls: ListenTls | undefined
  readonly health: Health
  readonly handle: (message: IncomingMessage, res: ServerResponse) => Promise<void>
  readonly append: (event: AuditEvent) => Promise<void>
  readonly log: Logger
}

/** Creates the data plane's server: its own pages, the handler for all else, and answers to what is no HTTP. Not listening yet. @throws Error naming a certificate's files */
export function createDataPlane({ maxUrlBytes, tls, health, handle, append, log }: ServerDeps): Server {
  const dispatch = async (message: IncomingMessage, res: ServerResponse): Promise<void> => {
    const isOwn = message.url?.startsWith('/-/') === true || message.url === '/metrics'
    if (!isOwn || !(await answerHealth(message, res, health))) await handle(message, res)
  }
  const server = createHttpServer({
    options: serverOptions(maxUrlBytes),
    tls,
    onError: (error) => log.error({ detail: error.message }, 'the certificate could not be read again'),
  })
  server.on('request', (message, res) => {
    dispatch(message, res).catch((error: unknown) => {
      log.error({ detail: error instanceof Error ? error.stack : String(error) }, 'a request handler failed')
      res.destroy()
    })
  })
  refuseMalformed(server, {
    append,
    codes: { malformed: 'Q010E', notServed: 'Q007D' },
    render: renderPrometheus,
  })
  return server
}
