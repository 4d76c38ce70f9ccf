import { createHash, randomUUID } from 'node:crypto'
import { type EventCode, systemEvent } from '@gatehouse/audit'
import type { AuditConfig } from '@gatehouse/config'
import type { PolicyLoad } from '../policy-store.ts'
import type { AuditWriter } from './writer.ts'

type Append = AuditWriter['append']

interface Note {
  readonly code: EventCode
  readonly action: string
  readonly process: string
  readonly orgUid?: string
  readonly detail: Readonly<Record<string, unknown>>
}

function note(append: Append, event: Note): Promise<void> {
  const result = event.code.endsWith('E') ? 'failed' : 'allowed'
  return append(systemEvent({ ...event, result, now: Date.now(), uuid: randomUUID() }))
}

/** Records that a process started, and with which settings of the log. */
export async function recordStart(
  { append, writer }: AuditWriter,
  process: string,
  { level, maxBytes, retentionDays, anchors, sinks, labelValues, signingKeyFile }: AuditConfig,
): Promise<void> {
  const settings = {
    level,
    maxBytes,
    retentionDays,
    anchors: anchors.map(({ name, kind }) => ({ name, kind })),
    sinks: sinks.map(({ name, kind }) => ({ name, kind })),
    labelValuesHidden: labelValues !== undefined,
    isSealed: signingKeyFile !== undefined,
  }
  const sha256 = createHash('sha256').update(JSON.stringify(settings)).digest('hex')
  await note(append, { code: 'S001I', action: 'processes:start', process, detail: { writer } })
  await note(append, { code: 'S004I', action: 'configuration:load', process, detail: { settings, sha256 } })
}

/** Records that a process stops in good order: a start without a stop before it was a crash. */
export function recordStop({ append, writer }: AuditWriter, process: string): Promise<void> {
  return note(append, { code: 'S002I', action: 'processes:stop', process, detail: { writer } })
}

const failureEveryMs = 60_000

/**
 * Records the access settings that a process takes up. They are loaded from before its spool is open on: what comes before
 * {@link PolicyRecorder.start} waits for it.
 */
export interface PolicyRecorder {
  readonly onLoad: (load: PolicyLoad) => void
  start(append: Append): void
}

/** Creates a recorder; a failure that repeats is recorded once a minute for each org. */
export function createPolicyRecorder(process: string, onError: (error: unknown) => void): PolicyRecorder {
  let started: ((append: Append) => void) | undefined
  const append = new Promise<Append>((resolve) => {
    started = resolve
  })
  const failedAt = new Map<string, number>()
  return {
    start: (to) => started?.(to),
    onLoad({ orgUid, version, error }) {
      if (error === undefined) failedAt.delete(orgUid)
      else if (Date.now() - (failedAt.get(orgUid) ?? 0) < failureEveryMs) return
      else failedAt.set(orgUid, Date.now())
      const code = error === undefined ? 'S003I' : 'S003E'
      const detail = error === undefined ? { version } : { error: error.message }
      append.then((to) => note(to, { code, action: 'policies:load', process, orgUid, detail })).catch(onError)
    },
  }
}
