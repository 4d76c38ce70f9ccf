import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where the demo's data owners are told of break-glass access. */
export interface NoticeBox {
  readonly url: string
  stop(): Promise<void>
}

const maxBytes = 65_536

/** Starts a receiver of notices on loopback that keeps each as a line of `file` (mode 0600). */
export async function startNoticeBox(file: string): Promise<NoticeBox> {
  const server = createServer((message, response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) message.destroy()
      else chunks.push(chunk)
    })
    message.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8').replaceAll('\n', ' ')
      appendFileSync(file, `${body}\n`, { mode: 0o600 })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/notices`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
