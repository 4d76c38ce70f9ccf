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
export { startVictoriaMetrics } from './victoria-metrics.ts'
export { agencies, type Agency, type Model, type Team } from './demo/agencies.ts'
export { type Exporter, startExporter } from './demo/exporter.ts'
export { writeHistory, type HistoryOptions } from './demo/history.ts'
export { tenantRules } from './demo/rules.ts'
export {
  type Replica,
  scrapeTargets,
  type Shard,
  type ShardPlan,
  shardPlans,
  type ShardsOptions,
  startShards,
} from './demo/shards.ts'
export { demoTargets, type Target } from './demo/targets.ts'
export type { IdpClient, Person } from './idp/people.ts'
export { gatewayResource } from './idp/provider-config.ts'
export { type Idp, type IdpOptions, startIdp } from './idp/start.ts'
export { demoDashboards } from './start/dashboards.ts'
