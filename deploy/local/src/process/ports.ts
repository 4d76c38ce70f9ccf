import { createServer } from 'node:net'

function listen(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    })
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}

/** True when nothing listens on this loopback port. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listen(port)) === port
}

/** A loopback port free at this moment. */
export async function freePort(): Promise<number> {
  const port = await listen(0)
  if (port === undefined) throw new Error('no free loopback port')
  return port
}

/** The first free loopback port from `from` upwards that is not in `except`. */
export async function nextFreePort(from: number, except: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = from; port < 65_536; port++) {
    if (!except.has(port) && (await isPortFree(port))) return port
  }
  throw new Error(`no free loopback port from ${from} upwards`)
}
