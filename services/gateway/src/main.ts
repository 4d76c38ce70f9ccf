import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { loadConfig } from '@gatehouse/config'
import { closeOnSignal } from '@gatehouse/http'
import { createLogger } from '@gatehouse/telemetry'
import { startGateway } from './server.ts'
import { startWorkers } from './workers/primary.ts'
import { awaitPlace, stopWithPrimary } from './workers/worker.ts'

const { values } = parseArgs({ options: { 'config.file': { type: 'string' } } })
const file = values['config.file']
if (file === undefined) throw new Error('--config.file is required')
const config = loadConfig(file)
const log = createLogger({ name: 'gateway', ...config.log })
const logFailure = (error: unknown): void => log.error({ detail: String(error) }, 'did not stop cleanly')

if (cluster.isWorker) {
  const worker = await awaitPlace()
  const gateway = await startGateway(config, { log, worker })
  stopWithPrimary(gateway.close, log)
} else {
  const count = config.gateway.workers ?? availableParallelism()
  if (count === 1) closeOnSignal((await startGateway(config, { log })).close, logFailure)
  else {
    const workers = await startWorkers(config, count, log)
    closeOnSignal(workers.close, logFailure)
    const reason = await workers.failed
    log.error({ reason }, 'cannot go on')
    await workers.close()
    process.exit(1)
  }
}
