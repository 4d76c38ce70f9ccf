export {
  type Config,
  configSchema,
  type ControlConfig,
  type GatewayConfig,
  type IssuerConfig,
} from './schema.ts'
export { loadConfig, parseConfig } from './load.ts'
