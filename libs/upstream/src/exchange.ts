import type { Dispatcher } from 'undici'

/** Where a body goes. `data` answers false to ask for a pause until {@link Exchange.resume}. */
export interface BodySink {
  data(chunk: Buffer): boolean
  end(): void
  /** The body broke off; nothing follows. */
  error(error: Error): void
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * One request to one replica and its answer: undici's callbacks without a stream object between them. It is settled by the first
 * piece of the body; the rest stands still until a sink is attached, so that nothing is buffered while the audit event is written.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  status = 0
  contentType = ''
  contentEncoding = ''
  contentLength: number | undefined
  /** The replica's clock when it answered, ms since the epoch; undefined if it told none. */
  date: number | undefined
  /** Whether the end of the body can be told from a connection that broke. */
  isFramed = false
  #controller: Dispatcher.DispatchController | undefined
  #sink: BodySink | undefined
  #first: Buffer | undefined
  #failure: Error | undefined
  #isDone = false
  readonly #signal: AbortSignal
  readonly #settle: { resolve: (exchange: Exchange) => void; reject: (error: Error) => void }
  readonly #onDone: () => void

  /** `onDone` is called once, when the exchange holds no connection any more. */
  constructor(
    signal: AbortSignal,
    settle: { resolve: (exchange: Exchange) => void; reject: (error: Error) => void },
    onDone: () => void,
  ) {
    this.#signal = signal
    this.#settle = settle
    this.#onDone = onDone
    signal.addEventListener('abort', this.#abortBySignal)
  }

  readonly #abortBySignal = (): void => this.abort(this.#signal.reason as Error)

  /** The body's first byte; undefined if it is empty. */
  get firstByte(): number | undefined {
    return this.#first?.[0]
  }

  /** Sends the body to `sink`, from its first byte. Once only. */
  attach(sink: BodySink): void {
    this.#sink = sink
    if (this.#failure !== undefined) return sink.error(this.#failure)
    const first = this.#first
    this.#first = undefined
    if (first !== undefined && !sink.data(first)) return
    if (this.#isDone) sink.end()
    else this.#controller?.resume()
  }

  /** Goes on after `data` answered false. */
  resume(): void {
    this.#controller?.resume()
  }

  /** Ends the exchange now and closes its connection. */
  abort(reason: Error): void {
    if (this.#controller === undefined) this.#fail(reason)
    else this.#controller.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isDone) controller.abort(this.#failure ?? new Error('aborted before it started'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    this.status = status
    this.contentType = headerText(headers['content-type']) ?? ''
    this.contentEncoding = headerText(headers['content-encoding']) ?? ''
    const length = headerText(headers['content-length'])
    this.contentLength = length === undefined ? undefined : Number(length)
    const date = Date.parse(headerText(headers['date']) ?? '')
    this.date = Number.isNaN(date) ? undefined : date
    this.isFramed = length !== undefined || headers['transfer-encoding'] !== undefined
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== undefined) {
      if (!this.#sink.data(chunk)) controller.pause()
      return
    }
    this.#first = chunk
    controller.pause()
    this.#settle.resolve(this)
  }

  onResponseEnd(): void {
    if (this.#isDone) return
    this.#finish()
    if (this.#sink === undefined) this.#settle.resolve(this)
    else this.#sink.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail(error: Error): void {
    if (this.#isDone) return
    this.#failure = error
    this.#finish()
    // After the first piece the promise is settled and this does nothing.
    this.#settle.reject(error)
    this.#sink?.error(error)
  }

  #finish(): void {
    this.#isDone = true
    this.#signal.removeEventListener('abort', this.#abortBySignal)
    this.#onDone()
  }
}
