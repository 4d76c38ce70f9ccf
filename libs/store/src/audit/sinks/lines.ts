import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { type Sink, sinkLine } from './sink.ts'

type SinkOptions = Pick<Sink, 'name' | 'identities'>

/** JSON lines appended to a file, flushed to the disk before they count. The file may be renamed away at any time (log rotation). */
export function createFileSink(options: SinkOptions & { readonly path: string }): Sink {
  return {
    ...options,
    async send(events) {
      const file = await open(options.path, 'a', 0o600)
      try {
        await file.write(events.map((event) => `${sinkLine(event)}\n`).join(''))
        await file.datasync()
      } finally {
        await file.close()
      }
    },
  }
}

/** JSON lines to a stream, such as the process's standard output. */
export function createStreamSink(options: SinkOptions & { readonly stream: Writable }): Sink {
  return {
    ...options,
    send: (events) =>
      new Promise((resolve, reject) => {
        const text = events.map((event) => `${sinkLine(event)}\n`).join('')
        options.stream.write(text, (error) => (error ? reject(error) : resolve()))
      }),
  }
}
