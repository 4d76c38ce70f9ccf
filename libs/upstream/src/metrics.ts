import type { Metrics } from '@gatehouse/telemetry'
import { Counter, Histogram } from 'prom-client'

/** How one request to one replica ended, as far as its head. */
export type Outcome = 'answered' | 'refused' | 'failed' | 'canceled'

/** Counts requests to replicas. */
export interface UpstreamMetrics {
  /** Starts the clock of one request. */
  observe(shard: string, replica: string): (outcome: Outcome) => void
  /** Counts a request that was sent to a second replica while the first was silent. */
  hedged(shard: string): void
}

/** Registers the upstream metrics. */
export function createUpstreamMetrics(registry: Metrics): UpstreamMetrics {
  const requests = new Counter({
    name: 'gatehouse_upstream_requests_total',
    help: 'Requests to replicas by how they ended.',
    labelNames: ['shard', 'replica', 'outcome'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'gatehouse_upstream_request_duration_seconds',
    help: 'Time from sending a request to a replica to the head of its answer.',
    labelNames: ['shard', 'replica'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 45],
    registers: [registry],
  })
  const hedges = new Counter({
    name: 'gatehouse_upstream_hedged_requests_total',
    help: 'Requests sent to a second replica because the first was slow to answer.',
    labelNames: ['shard'],
    registers: [registry],
  })
  return {
    observe(shard, replica) {
      const started = performance.now()
      return (outcome) => {
        requests.inc({ shard, replica, outcome })
        seconds.observe({ shard, replica }, (performance.now() - started) / 1000)
      }
    },
    hedged: (shard) => hedges.inc({ shard }),
  }
}
