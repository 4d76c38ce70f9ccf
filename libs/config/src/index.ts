export {
  type CacheConfig,
  type Config,
  configSchema,
  type ControlConfig,
  type GatewayConfig,
  type IssuerConfig,
  type LimitsConfig,
} from './schema.ts'
export { loadConfig, parseConfig } from './load.ts'
