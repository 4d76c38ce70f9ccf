import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** What a {@link FaultyProxy} does to what a server answers. */
export type Fault =
  | { readonly kind: 'none' }
  /** Takes connections and passes nothing on. */
  | { readonly kind: 'silent' }
  /** Says of itself what it is, and answers nothing else: it computes. */
  | { readonly kind: 'busy' }
  /** Passes on so many bytes of every answer, then nothing more. */
  | { readonly kind: 'stop'; readonly after: number }
  /** Passes on so many bytes of every answer, then closes the connection as if it were complete. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Passes on one byte of an answer after the other. */
  | { readonly kind: 'trickle'; readonly everyMs: number }
  /** Holds every answer back. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Changes bytes of an answer. */
  | { readonly kind: 'garble'; readonly change: (text: string) => string }

/** A TCP proxy in front of a real server, for what networks and dying machines do. */
export interface FaultyProxy {
  readonly url: string
  /** Connections that are open now. */
  readonly open: number
  /** Requests that came through so far. */
  readonly requests: number
  behave(fault: Fault): void
  close(): Promise<void>
}

function passOn(from: Socket, to: Socket, fault: Fault): void {
  let passed = 0
  const timers: NodeJS.Timeout[] = []
  to.once('close', () => timers.forEach((timer) => clearTimeout(timer)))
  const write = (bytes: Buffer): void => {
    if (!to.destroyed) to.write(bytes)
  }
  from.on('data', (chunk) => {
    switch (fault.kind) {
      case 'none':
        return write(chunk)
      case 'silent':
      case 'busy':
        return undefined
      case 'stop':
      case 'cut': {
        const rest = Math.max(0, fault.after - passed)
        passed += chunk.length
        write(chunk.subarray(0, rest))
        if (fault.kind === 'cut' && passed >= fault.after) to.end()
        return undefined
      }
      case 'trickle': {
        for (const byte of chunk) {
          passed += 1
          timers.push(setTimeout(() => write(Buffer.from([byte])), passed * fault.everyMs))
        }
        return undefined
      }
      case 'late':
        timers.push(setTimeout(() => write(chunk), fault.ms))
        return undefined
      case 'garble':
        return write(Buffer.from(fault.change(chunk.toString('latin1')), 'latin1'))
    }
  })
}

/** Starts a proxy on loopback before a server's URL. */
export async function startFaultyProxy(targetUrl: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(targetUrl)
  let fault: Fault = { kind: 'none' }
  let requests = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    const target = connect({ host: hostname, port: Number(port) })
    for (const socket of [client, target]) {
      socket.on('error', () => undefined)
      socket.setNoDelay(true)
    }
    sockets.add(client)
    client.on('data', (chunk) => {
      if (/^(GET|POST) /.test(chunk.toString('latin1', 0, 5))) {
        requests += 1
        target.removeAllListeners('data')
        const isSpared = fault.kind === 'busy' && chunk.includes('/status/buildinfo ')
        passOn(target, client, isSpared ? { kind: 'none' } : fault)
      }
      target.write(chunk)
    })
    target.on('close', () => client.destroy())
    client.on('close', () => {
      sockets.delete(client)
      target.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return sockets.size
    },
    get requests() {
      return requests
    },
    behave(next) {
      fault = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
