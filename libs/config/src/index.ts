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
  limitsSchema,
  type NotificationsConfig,
} from './schema.ts'
export { loadConfig, parseConfig } from './load.ts'
