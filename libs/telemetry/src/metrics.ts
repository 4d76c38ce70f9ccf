import { collectDefaultMetrics, Registry } from 'prom-client'

/** A service's own metrics registry (prom-client). */
export type Metrics = Registry

/** Creates a registry with the process's default metrics (CPU, memory, event-loop lag, GC). */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
