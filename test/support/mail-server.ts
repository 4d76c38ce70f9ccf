import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A mail as it arrived. */
export interface ReceivedMail {
  readonly from: string
  readonly to: string
  readonly text: string
}

/** A mail server on loopback that keeps what it is sent. */
export interface MailServer {
  readonly port: number
  readonly mails: ReceivedMail[]
  close(): Promise<void>
}

/** Speaks the server's part of a conversation (RFC 5321): enough for one sender that uses no extension. */
function converse(socket: Socket, mails: ReceivedMail[]): void {
  let buffer = ''
  let from = ''
  let to = ''
  let data: string[] | undefined
  const say = (line: string): boolean => socket.write(`${line}\r\n`)
  const take = (line: string): void => {
    if (data !== undefined) {
      if (line !== '.') data.push(line)
      else {
        mails.push({ from, to, text: data.join('\n') })
        data = undefined
        say('250 kept')
      }
      return
    }
    const [command = ''] = line.split(/[ :]/, 1)
    switch (command.toUpperCase()) {
      case 'EHLO':
      case 'HELO':
        say('250 mail.test')
        break
      case 'MAIL':
        from = /<(.*?)>/.exec(line)?.[1] ?? ''
        say('250 ok')
        break
      case 'RCPT':
        to = /<(.*?)>/.exec(line)?.[1] ?? ''
        say('250 ok')
        break
      case 'DATA':
        data = []
        say('354 go on')
        break
      case 'QUIT':
        say('221 bye')
        socket.end()
        break
      default:
        say('250 ok')
    }
  }
  say('220 mail.test')
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    buffer += chunk.toString('utf8')
    const lines = buffer.split('\r\n')
    buffer = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

/** Starts a mail server on a free port. */
export async function startMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    converse(socket, mails)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
