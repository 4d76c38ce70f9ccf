// The thread that large answers are merged on.
import { parentPort } from 'node:worker_threads'
import { type MergeJob, runJob } from './job.ts'

/** What the thread is sent. */
export interface ThreadRequest {
  readonly id: number
  readonly job: MergeJob
  readonly chunks: readonly Uint8Array[][]
}

parentPort?.on('message', ({ id, job, chunks }: ThreadRequest) => {
  const outcome = runJob(job, chunks)
  const transfer = outcome.kind === 'answer' ? [outcome.body.buffer] : []
  parentPort?.postMessage({ id, outcome }, transfer)
})
