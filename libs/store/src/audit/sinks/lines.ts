import type { Writable } from 'node:stream'
import { appendLines } from '../append-lines.ts'
import { type Sink, sinkLine } from './sink.ts'

type SinkOptions = Pick<Sink, 'name' | 'identities'>

/** JSON lines appended to a file, flushed to the disk before they count. The file may be renamed away at any time (log rotation). */
export function createFileSink(options: SinkOptions & { readonly path: string }): Sink {
  return {
    ...options,
    send: (events) => appendLines(options.path, events.map((event) => `${sinkLine(event)}\n`).join('')),
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
