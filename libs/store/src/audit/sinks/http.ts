import { eventTitle } from '@gatehouse/audit'
import type { FoundEvent } from '../found.ts'
import { severityOf, type Sink, sinkLine } from './sink.ts'

interface HttpSinkOptions extends Pick<Sink, 'name' | 'identities'> {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

const requestTimeoutMs = 10_000

async function post({ name, url, headers }: HttpSinkOptions, body: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(requestTimeoutMs),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`sink ${name} answered ${response.status}`)
}

/** A webhook that gets `{"events": [...]}`, each event as the file sink writes it. Any 2xx takes the batch. */
export function createWebhookSink(options: HttpSinkOptions): Sink {
  return { ...options, send: (events) => post(options, `{"events":[${events.map(sinkLine).join(',')}]}`) }
}

function attributes(found: FoundEvent): object[] {
  const { event, writer, seq, hash, identity } = found
  const values: Readonly<Record<string, string | number | undefined | null>> = {
    'event.name': event.code,
    'gatehouse.event.id': event.id,
    'gatehouse.event.title': eventTitle(event.code),
    'gatehouse.org': event.orgUid,
    'gatehouse.actor': identity?.uid ?? event.actor?.ref,
    'gatehouse.actor.name': identity?.name,
    'gatehouse.action': event.action,
    'gatehouse.resource': event.resource?.uid,
    'gatehouse.result': event.outcome.result,
    'gatehouse.chain.writer': writer,
    'gatehouse.chain.seq': seq,
    'gatehouse.chain.hash': hash,
    'client.address': event.from.address,
    'http.response.status_code': event.outcome.httpStatus,
  }
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined || value === null) return []
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }]
  })
}

/** Nanoseconds since the epoch of an RFC 3339 time with microseconds. */
function nanos(at: string): string {
  return `${Date.parse(`${at.slice(0, 23)}Z`)}${at.slice(23, 26).padEnd(3, '0')}000`
}

function logRecord(found: FoundEvent): object {
  const { event } = found
  const { otlp, text } = severityOf(event.code)
  return {
    timeUnixNano: nanos(event.at),
    observedTimeUnixNano: nanos(event.at),
    severityNumber: otlp,
    severityText: text,
    body: { stringValue: sinkLine(found) },
    attributes: attributes(found),
    ...(/^[0-9a-f]{32}$/.test(event.traceId ?? '') ? { traceId: event.traceId } : {}),
  }
}

/** OTLP logs over HTTP in JSON (`/v1/logs` of a collector). */
export function createOtlpSink(options: HttpSinkOptions): Sink {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'gatehouse' } }] }
  return {
    ...options,
    send: (events) => {
      const scopeLogs = [{ scope: { name: 'gatehouse.audit' }, logRecords: events.map(logRecord) }]
      return post(options, JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] }))
    },
  }
}
