import { join } from 'node:path'
import { serverDir, writeServerFile } from './process/account.ts'
import { isHttpReady, type Server, type ServerOptions, startServer } from './process/server.ts'
import { toolPath } from './tools.ts'

/** How to start one Alertmanager. */
export interface AlertmanagerOptions extends ServerOptions {
  /** Its `alertmanager.yml` as an object; by default one receiver that tells nobody. */
  readonly config?: Readonly<Record<string, unknown>>
}

const quiet = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }

/**
 * Starts an Alertmanager on loopback, without a cluster, and waits until it is ready (0.1 s).
 * @throws Error when it is not unpacked (`ensureTools`), or with its own words when it does not start.
 */
export function startAlertmanager(options: AlertmanagerOptions): Promise<Server> {
  const command = toolPath('alertmanager/alertmanager')
  if (command === undefined) throw new Error('alertmanager is absent: run scripts/setup-tools.sh')
  const dir = serverDir(options.dataDir)
  const file = join(dir, 'alertmanager.yml')
  writeServerFile(file, JSON.stringify(options.config ?? quiet, undefined, 1))
  return startServer(
    {
      title: 'Alertmanager',
      scheme: 'http',
      command,
      isReady: (port) => isHttpReady(port, '/-/ready'),
      arguments: (port) => [
        `--config.file=${file}`,
        `--storage.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
    },
    options,
  )
}
