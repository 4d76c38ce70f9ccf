import type { DueNotice } from '@gatehouse/store'
import type { Logger } from '@gatehouse/telemetry'
import type { Delivery } from './deliver.ts'

/** What the sender needs of the store. */
export interface NoticeQueue {
  readonly take: (atMost: number) => Promise<readonly DueNotice[]>
  readonly settle: (notice: DueNotice, failure: string | undefined) => Promise<void>
}

/** Sends notices as they become due. */
export interface NoticeSender {
  /** Looks now: something was just added. */
  wake(): void
  /** Finishes what is under way. */
  close(): Promise<void>
}

const pollMs = 1_000
const atOnce = 20

/** Creates the sender of one process; several share the work. What it does not deliver comes again. */
export function createNoticeSender(queue: NoticeQueue, delivery: Delivery, logger: Logger): NoticeSender {
  let running: Promise<void> = Promise.resolve()
  let isClosed = false

  const send = async (notice: DueNotice): Promise<void> => {
    const { uid, channel, attempts } = notice
    try {
      await delivery.deliver(notice)
      await queue.settle(notice, undefined)
      logger.info({ notice: uid, channel, attempts }, 'notice delivered')
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      logger.warn(
        { notice: uid, channel, attempts, detail: failure },
        'notice not delivered; it is tried again',
      )
      await queue.settle(notice, failure)
    }
  }
  const look = async (): Promise<void> => {
    for (;;) {
      const due = await queue.take(atOnce)
      await Promise.all(due.map(send))
      if (due.length < atOnce || isClosed) return
    }
  }
  const wake = (): void => {
    running = running.then(async () => {
      if (!isClosed)
        await look().catch((error: unknown) =>
          logger.warn({ detail: String(error) }, 'notices cannot be read'),
        )
    })
  }
  const timer = setInterval(wake, pollMs)
  return {
    wake,
    async close() {
      isClosed = true
      clearInterval(timer)
      await running
      delivery.close()
    },
  }
}
