import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { canonicalJson } from '@gatehouse/audit'
import type { FoundEvent } from '../found.ts'
import { severityOf, type Sink, sinkLine } from './sink.ts'

/** Where a syslog receiver listens. */
export interface SyslogOptions extends Pick<Sink, 'name' | 'identities'> {
  readonly host: string
  readonly port: number
  /** `tcp` and `tls` frame messages by their length (RFC 6587 §3.4.1, RFC 5425); `udp` may lose them. */
  readonly transport: 'tcp' | 'tls' | 'udp'
  /** 13 (log audit) unless given. */
  readonly facility?: number
}

const structuredValue = (value: string): string => value.replace(/["\\\]]/g, (c) => `\\${c}`)
const headerPart = (text: string, max: number): string => text.replace(/[^!-~]/g, '_').slice(0, max) || '-'

/**
 * An event as an RFC 5424 message: its code is the MSGID, the main facts are structured data, the message is its JSON.
 * @param line the message, if it is not to be the whole event
 */
export function syslogMessage(found: FoundEvent, facility: number, line = sinkLine(found)): string {
  const { event, writer, seq, identity } = found
  const priority = facility * 8 + severityOf(event.code).syslog
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['id', event.id],
    ['org', event.orgUid],
    ['actor', identity?.uid ?? event.actor?.ref],
    ['action', event.action],
    ['resource', event.resource?.uid],
    ['result', event.outcome.result],
    ['writer', writer],
    ['seq', String(seq)],
  ]
  const data = facts.flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [` ${key}="${structuredValue(value)}"`],
  )
  // 32473 is the enterprise number that RFC 5612 reserves for those who have none.
  const head = `<${priority}>1 ${event.at} ${headerPart(hostname(), 255)} gatehouse ${process.pid} ${event.code}`
  return `${head} [gatehouse@32473${data.join('')}] \ufeff${line}`
}

/** The largest datagram of IPv4 (RFC 768): 65,535 octets without the headers of IP and UDP. */
const maxDatagram = 65_507

/** As {@link syslogMessage}; of an event that no datagram can carry only what is short, marked as such. The log has it whole. */
export function syslogDatagram(found: FoundEvent, facility: number): string {
  const whole = syslogMessage(found, facility)
  if (Buffer.byteLength(whole) <= maxDatagram) return whole
  const { identity, event, ...link } = found
  const { schema, id, at, code, orgUid, actor, from, action, resource, outcome, requestId } = event
  const short = { schema, id, at, code, orgUid, actor, from, action, resource, outcome, requestId }
  const line = { ...link, event: short, isShortened: true, ...(identity === null ? {} : { identity }) }
  return syslogMessage(found, facility, canonicalJson(line))
}

const timeoutMs = 10_000

/** Connects when there is something to send, and again after a fault. */
function createStreamSender({ host, port, transport }: SyslogOptions) {
  let socket: Socket | undefined
  function open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const made = transport === 'tls' ? connectTls({ host, port }) : connect({ host, port })
      made.setTimeout(timeoutMs, () => made.destroy(new Error('syslog receiver does not answer')))
      made.once(transport === 'tls' ? 'secureConnect' : 'connect', () => {
        made.setTimeout(0)
        resolve(made)
      })
      made.once('error', reject)
      made.on('close', () => {
        if (socket === made) socket = undefined
      })
      // The receiver says nothing; reading is how its hanging up is noticed.
      made.resume()
    })
  }
  return {
    async send(text: string): Promise<void> {
      socket ??= await open()
      const current = socket
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => current.destroy(new Error('syslog receiver does not read')), timeoutMs)
        current.once('error', reject)
        current.write(text, (error) => {
          clearTimeout(timer)
          current.off('error', reject)
          if (error) reject(error)
          else resolve()
        })
      })
    },
    async close(): Promise<void> {
      const open = socket
      if (open !== undefined) await new Promise<void>((resolve) => open.end(resolve))
    },
  }
}

function createDatagramSender({ host, port }: SyslogOptions) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').unref()
  return {
    send: (text: string) =>
      new Promise<void>((resolve, reject) => {
        socket.send(text, port, host, (error) => (error ? reject(error) : resolve()))
      }),
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
}

/** Sends events to a syslog receiver. Syslog has no receipts: what the network took counts as sent. */
export function createSyslogSink(options: SyslogOptions): Sink {
  const { transport, facility = 13 } = options
  const sender = transport === 'udp' ? createDatagramSender(options) : createStreamSender(options)
  return {
    ...options,
    async send(events) {
      if (transport === 'udp') {
        for (const event of events) await sender.send(syslogDatagram(event, facility))
        return
      }
      const messages = events.map((event) => syslogMessage(event, facility))
      await sender.send(messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join(''))
    },
    close: sender.close,
  }
}
