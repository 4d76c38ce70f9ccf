import type { LimitsConfig } from '@gatehouse/config'
import type { Metrics } from '@gatehouse/telemetry'
import { AggregatorRegistry } from 'prom-client'
import { createFairQueue } from '../fairness/fair-queue.ts'
import { createFairnessMetrics } from '../fairness/metrics.ts'
import { socketOf } from '../open-cache.ts'
import { linkTo, listenAt } from './links.ts'
import type { Handlers } from './peer.ts'
import { leaseHandlers } from './remote-leases.ts'
import { slotHandlers } from './remote-slots.ts'

export interface PrimaryDeps {
  /** Folder of the sockets. */
  readonly dir: string
  /** How many workers there are. */
  readonly count: number
  readonly limits: LimitsConfig
  readonly metrics: Metrics
}

/** Of a worker that does not answer in time the others' metrics are shown. */
const metricsMs = 2_000

/** What workers may ask of the primary: a page of the metrics of all of them. */
export const pageOfMetrics = 'metrics-page'
/** What the primary asks of workers. */
export const ownMetrics = 'metrics'

/** How a worker tells its metrics. */
export function metricsHandlers(metrics: Metrics): Handlers {
  return { [ownMetrics]: async () => ({ value: await metrics.getMetricsAsJSON() }) }
}

/** Opens what the workers of a gateway have in common: slots of shards, counts of requests, one page of metrics. */
export async function openPrimary({
  dir,
  count,
  limits,
  metrics,
}: PrimaryDeps): Promise<{ close(): Promise<void> }> {
  const queue = createFairQueue(limits, createFairnessMetrics(metrics))
  const workers = Array.from({ length: count }, (_, slot) => linkTo(socketOf(dir, slot), {}))

  const readPage = async (): Promise<string> => {
    const asked = workers.map(async ({ peer }) =>
      peer
        ?.call(ownMetrics, { value: undefined }, AbortSignal.timeout(metricsMs))
        .then(({ value }) => value as Awaited<ReturnType<Metrics['getMetricsAsJSON']>>)
        .catch(() => undefined),
    )
    const told = (await Promise.all(asked)).filter((one) => one !== undefined)
    return AggregatorRegistry.aggregate([await metrics.getMetricsAsJSON(), ...told]).metrics()
  }

  const listener = await listenAt(socketOf(dir, 'primary'), {
    ...slotHandlers(queue),
    ...leaseHandlers(() => performance.now()),
    [pageOfMetrics]: async () => ({ value: await readPage() }),
  })
  return {
    async close() {
      for (const worker of workers) worker.close()
      await listener.close()
    },
  }
}
