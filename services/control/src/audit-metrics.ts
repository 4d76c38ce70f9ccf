import { type AuditStatus, auditStatus, type Pool, withAudit } from '@gatehouse/store'
import { type Metrics, type ReadGauge, registerGauge } from '@gatehouse/telemetry'

interface Figure {
  readonly name: string
  readonly help: string
  /** Label and value of each sample. */
  readonly of: (status: AuditStatus) => readonly (readonly [label: string, value: number])[]
}

const sinks: readonly Figure[] = [
  {
    name: 'gatehouse_audit_sink_lag_seconds',
    help: 'Age of the oldest event that a sink has not taken yet; 0 if it has them all.',
    of: (status) => status.sinks.map(({ sink, lagSeconds }) => [sink, lagSeconds]),
  },
  {
    name: 'gatehouse_audit_sink_failing',
    help: 'Whether a sink refused what it was sent last.',
    of: (status) => status.sinks.map(({ sink, failingSince }) => [sink, failingSince === null ? 0 : 1]),
  },
  {
    name: 'gatehouse_audit_sink_sent',
    help: 'Events that a sink has taken.',
    of: (status) => status.sinks.map(({ sink, sent }) => [sink, sent]),
  },
  {
    name: 'gatehouse_audit_anchor_failing',
    help: 'Whether an anchor refused the checkpoint it was sent last.',
    of: (status) => status.anchors.map(({ sink, failingSince }) => [sink, failingSince === null ? 0 : 1]),
  },
  {
    name: 'gatehouse_audit_anchor_checkpoint',
    help: 'Number of the last checkpoint that an anchor keeps.',
    of: (status) => status.anchors.map(({ sink, number }) => [sink, number]),
  },
]

const log: readonly Figure[] = [
  {
    name: 'gatehouse_audit_checkpoint',
    help: 'Number of the last checkpoint.',
    of: ({ checkpoint }) => [['', checkpoint?.number ?? 0]],
  },
  {
    name: 'gatehouse_audit_unsealed_events',
    help: 'Events that no checkpoint has sealed yet.',
    of: ({ unsealed }) => [['', unsealed]],
  },
]

// Several figures are read at each scrape: one look at the store serves them all.
const sharedMs = 1_000

/**
 * Registers the condition of the audit log, its sinks and its anchors, read from the store when it is asked for; all processes show the
 * same. While Postgres is away there are no such samples.
 */
export function registerAuditStatus(registry: Metrics, pool: Pool): void {
  let read: Promise<AuditStatus | undefined> | undefined
  let readAt = Number.NEGATIVE_INFINITY
  const status = (): Promise<AuditStatus | undefined> => {
    if (read === undefined || performance.now() - readAt > sharedMs) {
      readAt = performance.now()
      read = withAudit(pool, 'all', auditStatus).catch(() => undefined)
    }
    return read
  }
  const gaugeOf = ({ name, help, of }: Figure): ReadGauge => ({
    name,
    help,
    read: async () => {
      const known = await status()
      return known === undefined ? [] : of(known)
    },
  })
  for (const figure of sinks) registerGauge(registry, { ...gaugeOf(figure), label: 'sink' })
  for (const figure of log) registerGauge(registry, gaugeOf(figure))
}
