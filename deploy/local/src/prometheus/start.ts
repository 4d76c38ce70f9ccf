import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverDir, writeServerFile } from '../process/account.ts'
import { isHttpReady, type Server, type ServerOptions, startServer } from '../process/server.ts'
import { toolPath } from '../tools.ts'
import type { PrometheusConfig, RuleGroup } from './config.ts'

/** How to start one Prometheus. */
export interface PrometheusOptions extends ServerOptions {
  /** Major version; default `2`. */
  readonly version?: PrometheusVersion
  readonly config?: PrometheusConfig
  readonly externalLabels?: Readonly<Record<string, string>>
  readonly ruleGroups?: readonly RuleGroup[]
  /** More flags, for example `--web.enable-remote-write-receiver`. */
  readonly flags?: readonly string[]
}

export type PrometheusVersion = '2' | '3'

/** A running Prometheus. */
export interface Prometheus extends Server {
  readonly version: PrometheusVersion
  /** Replaces its configuration; resolves when it is in force. */
  reload(change: Pick<PrometheusOptions, 'config' | 'externalLabels' | 'ruleGroups'>): Promise<void>
}

const reloadTimeoutMs = 20_000

function writeConfig(dir: string, options: Omit<PrometheusOptions, 'dataDir'>): void {
  const { config = {}, ruleGroups = [], externalLabels } = options
  const global =
    externalLabels === undefined ? config.global : { ...config.global, external_labels: externalLabels }
  const rules = join(dir, 'rules.yml')
  const whole = {
    ...config,
    ...(global && { global }),
    ...(ruleGroups.length > 0 && { rule_files: [rules] }),
  }
  writeServerFile(rules, JSON.stringify({ groups: ruleGroups }, undefined, 1))
  writeServerFile(join(dir, 'prometheus.yml'), JSON.stringify(whole, undefined, 1))
}

async function lastReload(url: string): Promise<string | undefined> {
  const text = await fetch(`${url}/metrics`).then((response) => response.text())
  const value = (name: string): string | undefined => new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]
  const successful = value('prometheus_config_last_reload_successful') === '1'
  return successful ? value('prometheus_config_last_reload_success_timestamp_seconds') : undefined
}

async function reload(server: Server): Promise<void> {
  const before = await lastReload(server.url)
  process.kill(server.pid, 'SIGHUP')
  for (const deadline = Date.now() + reloadTimeoutMs; Date.now() < deadline; await sleep(50)) {
    const now = await lastReload(server.url)
    if (now !== undefined && now !== before) return
  }
  throw new Error(`Prometheus did not take its new configuration (see ${server.logFile})`)
}

/** Path of the `promtool` of this major version; undefined when that version is absent. */
export function promtoolPath(version: PrometheusVersion = '2'): string | undefined {
  return toolPath(`prometheus-${version}/promtool`)
}

/**
 * Starts a Prometheus on loopback and waits until it is ready (0.2 s on an empty folder).
 * Without remote write, lifecycle and admin endpoints unless `flags` ask for them.
 * @throws Error when that version is not unpacked (`ensureTools`), or with Prometheus's own words when it does not start.
 * @example const shard = await startPrometheus({ dataDir: join(dir, 'shard-0'), externalLabels: { shard: '0' } })
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const version = options.version ?? '2'
  const command = toolPath(`prometheus-${version}/prometheus`)
  if (command === undefined) throw new Error(`prometheus-${version} is absent: run scripts/setup-tools.sh`)
  const dir = serverDir(options.dataDir)
  writeConfig(dir, options)
  const server = await startServer(
    {
      title: 'Prometheus',
      scheme: 'http',
      command,
      isReady: (port) => isHttpReady(port, '/-/ready'),
      arguments: (port) => [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        // Its default lets any web page read it through the visitor's browser.
        `--web.cors.origin=http://127.0.0.1:${port}`,
        ...(options.flags ?? []),
      ],
    },
    options,
  )
  return {
    ...server,
    version,
    reload: async (change) => {
      writeConfig(dir, change)
      await reload(server)
    },
  }
}
