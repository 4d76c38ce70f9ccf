import type { Socket } from 'node:net'
import { errorTable, type ErrorCode, GatehouseError, toGatehouseError } from '@gatehouse/errors'
import { leavingError } from '../single-flight.ts'
import { readFrames, writeFrame } from './frames.ts'

/** What is sent with a call, and back: a value that JSON can hold, and bytes. */
export interface Parcel {
  readonly value: unknown
  readonly body?: Buffer | undefined
}

/** What a handler knows of a call besides what was sent. */
export interface Called {
  readonly body: Buffer | undefined
  /** Aborts when the caller gives up, or is gone. */
  readonly signal: AbortSignal
  /** Who calls, to be called back. */
  readonly peer: Peer
}

export type Handlers = Readonly<Record<string, (value: unknown, called: Called) => Promise<Parcel>>>

/** Another process of this gateway. */
export interface Peer {
  /**
   * Calls a handler there.
   * @param giveBack Told of a reply that comes after the caller left: what was given is nobody's then, and has to go back.
   * @throws GatehouseError what the handler threw; `unavailable` when the process is gone; the reason of `signal`.
   */
  call(
    method: string,
    parcel: Parcel,
    signal?: AbortSignal,
    giveBack?: (parcel: Parcel) => void,
  ): Promise<Parcel>
  /** Has something done when the process is gone. */
  onGone(work: () => void): void
  readonly isUp: boolean
  close(): void
}

type Head =
  | { readonly is: 'call'; readonly id: number; readonly method: string; readonly value: unknown }
  | { readonly is: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly is: 'error'; readonly id: number; readonly error: WireError }
  | { readonly is: 'cancel'; readonly id: number; readonly error: WireError }

interface WireError {
  readonly code: string
  readonly message: string
  readonly detail?: string | undefined
  readonly retryAfter?: number | undefined
}

function toWire(thrown: unknown): WireError {
  const { code, message, detail, retryAfter } = toGatehouseError(thrown)
  return { code, message, detail, retryAfter }
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}

function fromWire({ code, message, detail, retryAfter }: WireError): GatehouseError {
  return new GatehouseError(isCode(code) ? code : 'internal', message, {
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

interface Waiting {
  readonly resolve: (parcel: Parcel) => void
  readonly reject: (error: GatehouseError) => void
}

function gone(): GatehouseError {
  return new GatehouseError('unavailable', 'a process of the gateway has ended', { retryAfter: 1 })
}

/** Speaks to another process over a socket: both sides may call. */
export function createPeer(socket: Socket, handlers: Handlers): Peer {
  const waiting = new Map<number, Waiting>()
  const left = new Map<number, (parcel: Parcel) => void>()
  const working = new Map<number, AbortController>()
  const atEnd: (() => void)[] = []
  let nextId = 1
  let isUp = true

  const work = async (head: Extract<Head, { is: 'call' }>, body: Buffer | undefined): Promise<void> => {
    const controller = new AbortController()
    working.set(head.id, controller)
    try {
      const handler = handlers[head.method]
      if (handler === undefined) throw new GatehouseError('internal', `no method ${head.method}`)
      const { value, body: answer } = await handler(head.value, { body, signal: controller.signal, peer })
      if (isUp) writeFrame(socket, { head: { is: 'reply', id: head.id, value }, body: answer })
    } catch (error) {
      if (isUp)
        writeFrame(socket, { head: { is: 'error', id: head.id, error: toWire(error) }, body: undefined })
    } finally {
      working.delete(head.id)
    }
  }

  readFrames(socket, (frame) => {
    const head = frame.head as Head
    if (head.is === 'call') return void work(head, frame.body)
    if (head.is === 'cancel') return working.get(head.id)?.abort(fromWire(head.error))
    const waiter = waiting.get(head.id)
    const giveBack = left.get(head.id)
    waiting.delete(head.id)
    left.delete(head.id)
    if (head.is === 'error') waiter?.reject(fromWire(head.error))
    else (waiter?.resolve ?? giveBack)?.({ value: head.value, body: frame.body })
  })
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    isUp = false
    left.clear()
    for (const { reject } of waiting.values()) reject(gone())
    for (const controller of working.values()) controller.abort(gone())
    for (const end of atEnd.splice(0)) end()
  })

  const peer: Peer = {
    async call(method, { value, body }, signal, giveBack) {
      if (!isUp) throw gone()
      if (signal?.aborted === true) throw leavingError(signal)
      const id = nextId
      nextId += 1
      const { promise, resolve, reject } = Promise.withResolvers<Parcel>()
      waiting.set(id, { resolve, reject })
      writeFrame(socket, { head: { is: 'call', id, method, value } satisfies Head, body })
      if (signal === undefined) return promise
      const leave = (): void => {
        if (!waiting.delete(id)) return
        if (isUp && giveBack !== undefined) left.set(id, giveBack)
        const error = leavingError(signal)
        if (isUp) writeFrame(socket, { head: { is: 'cancel', id, error: toWire(error) }, body: undefined })
        reject(error)
      }
      signal.addEventListener('abort', leave, { once: true })
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },
    onGone: (end) => void atEnd.push(end),
    get isUp() {
      return isUp
    },
    close: () => socket.destroy(),
  }
  return peer
}
