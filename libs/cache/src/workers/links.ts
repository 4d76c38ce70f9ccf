import { rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPeer, type Handlers, type Peer } from './peer.ts'

/** Takes calls of other processes at a path. */
export interface Listener {
  close(): Promise<void>
}

/** Listens at a path; only processes of this user can reach it if its folder says so. */
export async function listenAt(path: string, handlers: Handlers): Promise<Listener> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    createPeer(socket, handlers)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // What a process that was killed left behind.
    rmSync(path, { force: true })
    // Not shared with the other workers of a cluster, as ports are.
    server.listen({ path, exclusive: true }, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** A way to another process, kept up in the background. */
export interface Link {
  /** The process, while it can be reached. */
  readonly peer: Peer | undefined
  /** Resolves when it is reached for the first time. */
  readonly reached: Promise<void>
  close(): void
}

const retryMs = 100

function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}

/** Connects to a path, and again whenever the connection ends. */
export function linkTo(path: string, handlers: Handlers): Link {
  let peer: Peer | undefined
  let isClosed = false
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const keep = async (): Promise<void> => {
    while (!isClosed) {
      const socket = await connectTo(path)
      if (socket === undefined) {
        await sleep(retryMs, undefined, { ref: false })
        continue
      }
      const own = createPeer(socket, handlers)
      const end = new Promise<void>((ended) => own.onGone(ended))
      if (isClosed) own.close()
      else peer = own
      resolve()
      await end
      peer = undefined
    }
  }
  void keep()
  return {
    get peer() {
      return peer
    },
    reached,
    close() {
      isClosed = true
      peer?.close()
    },
  }
}
