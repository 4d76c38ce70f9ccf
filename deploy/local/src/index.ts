export { defaultKeeper } from './process/default-keeper.ts'
export { createKeeper, type Child, type ChildOptions, type Keeper } from './process/keeper.ts'
export { endProcess, identify, isRunning, type ProcessIdentity } from './process/identity.ts'
export { freePort, isPortFree, nextFreePort } from './process/ports.ts'
export { temporaryDir } from './process/temporary.ts'
export { type Postgres, type PostgresOptions, startPostgres } from './postgres/start.ts'
export { ensureTools, type ToolBinary, type ToolName, toolPath } from './tools.ts'
export { type AlertmanagerOptions, startAlertmanager } from './alertmanager.ts'
export type { Server, ServerOptions } from './process/server.ts'
export type { PrometheusConfig, Rule, RuleGroup, ScrapeConfig, StaticConfig } from './prometheus/config.ts'
export {
  type Prometheus,
  type PrometheusOptions,
  type PrometheusVersion,
  promtoolPath,
  startPrometheus,
} from './prometheus/start.ts'
export { type RedisOptions, startRedis } from './redis.ts'
