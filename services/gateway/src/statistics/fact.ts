import { askedText } from '../asked-text.ts'
import type { QueryReader } from '../cached/read-query.ts'
import type { Notes } from '../audit-event.ts'

/** What one answered request cost, and whom. */
export interface QueryFact {
  readonly orgUid: string
  readonly principalUid: string
  /** As the client says; empty if it does not. */
  readonly dashboardUid: string
  readonly dataSourceUid: string
  readonly endpoint: string
  /** The query, or the `match[]` of a look-up. */
  readonly query: string
  /** Empty for what is neither. */
  readonly fingerprint: string
  readonly requestId: string
  /** ms since the epoch. */
  readonly startedAt: number
  readonly seconds: number
  readonly bytes: number
  readonly samples: number
  readonly hasFailed: boolean
  readonly cache: string
}

/** How a request ended. */
export interface Ended {
  readonly requestId: string
  readonly startedAt: number
  readonly seconds: number
  readonly bytes: number
  readonly hasFailed: boolean
  /** Grafana's dashboard, which anybody may claim. */
  readonly dashboardUid: string | undefined
}

/** Hints are of any length; uids are not. */
const maxUidLength = 64

/** The fact of a request that reached a data source; undefined for all others. */
export function factOf(notes: Partial<Notes>, ended: Ended, read: QueryReader): QueryFact | undefined {
  const { principal, source, question, plan } = notes
  if (principal === undefined || source === undefined || question === undefined || plan === undefined)
    return undefined
  const { text, fingerprint } = askedText(question, read) ?? { text: '', fingerprint: '' }
  const { dashboardUid = '', ...rest } = ended
  return {
    ...rest,
    orgUid: principal.orgUid,
    principalUid: principal.uid,
    dashboardUid: dashboardUid.slice(0, maxUidLength),
    dataSourceUid: source.uid,
    endpoint: question.kind,
    query: text,
    fingerprint,
    samples: notes.samples ?? 0,
    cache: notes.cache ?? '',
  }
}
