export {
  type AuditConfig,
  type CacheConfig,
  cacheSchema,
  type Config,
  configSchema,
  type ControlConfig,
  type GatewayConfig,
  type IssuerConfig,
  type LimitsConfig,
  type ListenTls,
  limitsSchema,
  type NotificationsConfig,
  type UpstreamConfig,
} from './schema.ts'
export { loadConfig, parseConfig } from './load.ts'
export { createMaterial, type Material } from './material.ts'
export { controlUrlOf, gatewayUrlOf } from './urls.ts'
export { createNetworks, isNetwork, type Networks } from './network.ts'
