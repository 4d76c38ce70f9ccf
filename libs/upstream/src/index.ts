export { type AlertmanagerRequest, type Alertmanagers, createAlertmanagers } from './alertmanager.ts'
export { type AddressPolicy, createAddressPolicy, findAlias } from './addresses.ts'
export { type Connections, createConnections } from './connections.ts'
export type { BodySink, Exchange } from './exchange.ts'
export { readBody, readChunks, tooLarge } from './read-body.ts'
export type { ConnectionOptions } from './replica.ts'
export {
  createUpstream,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamBody,
  type UpstreamDeps,
} from './upstream.ts'
export { createEvaluationIntervals, type EvaluationIntervals } from './evaluation-intervals.ts'
export { createExternalLabels, type ExternalLabels, type LabelValues } from './external-labels.ts'
export { createVersions, type Versions } from './versions.ts'
