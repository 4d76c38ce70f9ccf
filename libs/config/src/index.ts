export {
  type AuditConfig,
  type CacheConfig,
  type Config,
  configSchema,
  type ControlConfig,
  type GatewayConfig,
  type IssuerConfig,
  type LimitsConfig,
  type NotificationsConfig,
} from './schema.ts'
export { loadConfig, parseConfig } from './load.ts'
