import { serverDir } from './process/account.ts'
import { isHttpReady, type Server, type ServerOptions, startServer } from './process/server.ts'
import { toolPath } from './tools.ts'

/**
 * Starts a VictoriaMetrics on loopback that keeps samples of all times, and waits until it is ready.
 * @throws Error when it is not unpacked (`ensureTools`), or with its own words when it does not start.
 */
export function startVictoriaMetrics(options: ServerOptions): Promise<Server> {
  const command = toolPath('victoria-metrics/victoria-metrics')
  if (command === undefined)
    throw new Error('VictoriaMetrics is absent: run scripts/setup-tools.sh victoria-metrics')
  return startServer(
    {
      title: 'VictoriaMetrics',
      scheme: 'http',
      command,
      isReady: (port) => isHttpReady(port, '/health'),
      arguments: (port) => [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${serverDir(options.dataDir)}`,
        '-retentionPeriod=100y',
        '-search.latencyOffset=0s',
        '-memory.allowedBytes=200MB',
        '-storage.minFreeDiskSpaceBytes=1MB',
      ],
    },
    options,
  )
}
