import type { Config } from '@gatehouse/config'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import {
  createAddressPolicy,
  createAlertmanagers,
  createConnections,
  createEvaluationIntervals,
  createExternalLabels,
  createUpstream,
  createVersions,
} from '@gatehouse/upstream'

/**
 * Creates the clients of shards and Alertmanagers.
 * @throws Error naming a certificate, key or credential file that cannot be read or used.
 */
export function createUpstreams(
  { upstream: settings }: Config,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
) {
  const {
    allowedAddresses,
    connections: rules,
    connectTimeout,
    maxResponseBytes,
    fillGaps,
    ...options
  } = settings
  const connections = createConnections({
    rules,
    addresses: createAddressPolicy(allowedAddresses),
    timeout: connectTimeout,
    onError: (error) => log.error({ detail: error.message }, 'upstream credentials could not be read again'),
  })
  const upstream = createUpstream({ connections, options, maxResponseBytes, metrics, fillsGaps: fillGaps })
  return {
    upstream,
    alertmanagers: createAlertmanagers(connections),
    versions: createVersions(upstream),
    externalLabels: createExternalLabels(upstream),
    intervals: createEvaluationIntervals(upstream),
  }
}
