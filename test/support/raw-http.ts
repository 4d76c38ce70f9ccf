import { connect, type Socket } from 'node:net'

/** One answer read off a raw connection. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Splits what a server sent into answers; a body without a length runs to the end. */
export function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = text
  while (rest.startsWith('HTTP/1.1 ')) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) break
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const length = Number(headers['content-length'] ?? Number.NaN)
    const from = end + 4
    const body = Number.isNaN(length) ? rest.slice(from) : rest.slice(from, from + length)
    answers.push({ status: Number(statusLine.split(' ')[1]), headers, body })
    rest = Number.isNaN(length) ? '' : rest.slice(from + length)
  }
  return answers
}

/** Opens a connection to a server's URL. */
export function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/**
 * Sends bytes (one a character) and reads until `count` answers have come or the server closes.
 * Resolves with what there is after `timeoutMs`.
 */
export async function sendRaw(
  url: string,
  bytes: string,
  count = 1,
  timeoutMs = 10_000,
): Promise<RawAnswer[]> {
  const socket = await openSocket(url)
  return new Promise((resolve) => {
    let text = ''
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(parseAnswers(text))
    }
    const timer = setTimeout(done, timeoutMs)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const answers = parseAnswers(text)
      const last = answers.at(-1)
      // What answers HEAD has a length and no body.
      const isWhole =
        last !== undefined &&
        (bytes.startsWith('HEAD ') || last.body.length >= Number(last.headers['content-length'] ?? 0))
      if (answers.length >= count && isWhole) done()
    })
    socket.on('close', done)
    socket.on('error', done)
    socket.write(bytes, 'latin1')
  })
}
