import type { WorkerPlace } from '@gatehouse/cache'
import type { Logger } from '@gatehouse/telemetry'
import type { FromWorker, ToWorker } from './primary.ts'

function isPlace(message: unknown): message is Exclude<ToWorker, 'stop'> {
  return typeof message === 'object' && message !== null && 'place' in message
}

/** The place of this worker among the others, told by the primary once it runs. */
export function awaitPlace(): Promise<WorkerPlace> {
  return new Promise((resolve) => {
    const take = (message: unknown): void => {
      if (!isPlace(message)) return
      process.off('message', take)
      resolve(message.place)
    }
    process.on('message', take)
    process.send?.('place?' satisfies FromWorker)
  })
}

/**
 * Ends this worker when the primary says so; signals to the whole group are the primary's to handle. When the primary is gone, Node ends
 * its workers at once.
 */
export function stopWithPrimary(close: () => Promise<void>, log: Logger): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ detail: String(error) }, 'did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('message', (message: unknown) => {
    if (message === 'stop') stop()
  })
  process.on('SIGTERM', stop)
  process.on('SIGINT', () => undefined)
}
