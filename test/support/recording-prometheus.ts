import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a shard received it. */
export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A shard for faults only: it answers what it is told to, and records what it was asked. */
export interface RecordingPrometheus {
  readonly url: string
  /** Requests so far, probes of its version aside. */
  readonly requests: RecordedRequest[]
  /** Replaces what it answers; undefined for an empty success. */
  behave(handler: ((message: IncomingMessage, res: ServerResponse) => void) | undefined): void
  close(): Promise<void>
}

const emptyVector = '{"status":"success","data":{"resultType":"vector","result":[]}}'
const emptyList = '{"status":"success","data":[]}'
const buildinfo = '{"status":"success","data":{"version":"2.53.3"}}'

/** Sends a JSON body with its length. */
export function sendJson(res: ServerResponse, status: number, body: string): void {
  res
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}

/** Starts a recording shard on loopback. */
export async function startRecordingPrometheus(): Promise<RecordingPrometheus> {
  const requests: RecordedRequest[] = []
  let behaviour: ((message: IncomingMessage, res: ServerResponse) => void) | undefined
  const server = createServer((message, res) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      const { method = '', url = '', headers } = message
      if (url === '/api/v1/status/buildinfo') {
        sendJson(res, 200, buildinfo)
        return
      }
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') })
      if (behaviour !== undefined) behaviour(message, res)
      else sendJson(res, 200, /\/(query|query_range)$/.test(url) ? emptyVector : emptyList)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave: (handler) => {
      behaviour = handler
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
