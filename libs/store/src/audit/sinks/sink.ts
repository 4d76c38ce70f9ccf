import { canonicalJson } from '@gatehouse/audit'
import type { FoundEvent } from '../found.ts'

/** Another system that gets a copy of the log. It gets every event at least once, in the order of each chain. */
export interface Sink {
  /** Stable name. */
  readonly name: string
  /**
   * Whether it gets the names behind pseudonyms too. What it was given, erasing an identity here does not reach. Default false.
   */
  readonly identities?: boolean
  /** Hands events over; once it resolves, they are not sent again. */
  send(events: readonly FoundEvent[]): Promise<void>
  close?(): Promise<void>
}

/** An event as sinks get it: the record with its place in its chain, and the actor's identity where the sink may have it. */
export function sinkLine({ identity, event, ...link }: FoundEvent): string {
  return canonicalJson(identity === null ? { ...link, event } : { ...link, event, identity })
}

/** RFC 5424 and OTLP severities of an event, by the last letter of its code. */
export function severityOf(code: string): {
  readonly syslog: number
  readonly otlp: number
  readonly text: string
} {
  switch (code.at(-1)) {
    case 'E':
      return { syslog: 3, otlp: 17, text: 'ERROR' }
    case 'W':
      return { syslog: 4, otlp: 13, text: 'WARN' }
    case 'D':
      return { syslog: 5, otlp: 13, text: 'WARN' }
    default:
      return { syslog: 6, otlp: 9, text: 'INFO' }
  }
}
