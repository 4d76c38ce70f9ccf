import type { Worker } from 'node:cluster'

interface Closable {
  close(): void
}

function isClosable(handle: unknown): handle is Closable {
  return typeof handle === 'object' && handle !== null && 'close' in handle
}

/** A number that a message of Node's own between primary and worker carries under a name. */
function numberOf(message: unknown, name: 'seq' | 'ack'): number | undefined {
  if (typeof message !== 'object' || message === null || !(name in message)) return undefined
  const value: unknown = Reflect.get(message, name)
  return typeof value === 'number' ? value : undefined
}

/**
 * Node hands a connection over to a worker and keeps its own end until the worker says that it has it. A worker that dies before leaves
 * that end open for ever, and its client waiting: here it is closed, so that the client learns of it. `workers-gateway.test.ts` sees it.
 */
export function closeLostConnections(worker: Worker): void {
  const waiting = new Map<number, Closable>()
  const child = worker.process
  const send = child.send.bind(child)
  Object.assign(child, {
    send: (...sent: Parameters<typeof send>): boolean => {
      const [message, handle] = sent
      const seq = numberOf(message, 'seq')
      if (seq !== undefined && isClosable(handle)) waiting.set(seq, handle)
      return send(...sent)
    },
  })
  child.on('internalMessage', (message: unknown) => {
    const ack = numberOf(message, 'ack')
    if (ack !== undefined) waiting.delete(ack)
  })
  worker.once('exit', () => {
    for (const handle of waiting.values()) handle.close()
    waiting.clear()
  })
}
