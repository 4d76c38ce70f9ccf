import type { Metrics } from '@gatehouse/telemetry'
import { Counter, Gauge, Histogram } from 'prom-client'

/** Registers the metrics of slots and rates. No label carries a tenant, a user or a query. */
export function createFairnessMetrics(registry: Metrics) {
  const registers = [registry]
  return {
    waiting: new Gauge({
      name: 'gatehouse_queue_waiting',
      help: 'Requests that wait for a slot.',
      registers,
    }),
    running: new Gauge({
      name: 'gatehouse_queue_running',
      help: 'Slots in use.',
      registers,
    }),
    waitSeconds: new Histogram({
      name: 'gatehouse_queue_wait_seconds',
      help: 'Time requests waited for a slot.',
      buckets: [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    refusals: new Counter({
      name: 'gatehouse_queue_refusals_total',
      help: 'Requests refused with 429, by reason: full, wait, rate.',
      labelNames: ['reason'],
      registers,
    }),
    queries: new Gauge({
      name: 'gatehouse_running_queries',
      help: 'Queries that run now.',
      registers,
    }),
  }
}

export type FairnessMetrics = ReturnType<typeof createFairnessMetrics>
