import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail as it arrived, and how. */
export interface ReceivedMail {
  readonly from: string
  readonly to: string
  readonly text: string
  readonly isEncrypted: boolean
  /** Who signed in; undefined for nobody. */
  readonly user: string | undefined
}

/** How the server takes mail. */
export interface MailServerOptions {
  /** Certificate for STARTTLS, or for TLS from the start with `implicit`; without one it offers no encryption. */
  readonly certificate?: { readonly cert: string; readonly key: string }
  readonly implicit?: boolean
  /** Who may send; without them anybody may. */
  readonly account?: { readonly user: string; readonly password: string }
}

/** A mail server on loopback that keeps what it is sent. */
export interface MailServer {
  readonly port: number
  readonly mails: ReceivedMail[]
  /** How often somebody tried to sign in. */
  attempts(): number
  /** Answers the next mails with a temporary failure. */
  failNext(times: number): void
  close(): Promise<void>
}

function temporaryFailure(): Error {
  return Object.assign(new Error('try again later'), { responseCode: 451 })
}

function optionsOf(
  { certificate, implicit = false, account }: MailServerOptions,
  onAttempt: () => void,
): SMTPServerOptions {
  return {
    ...certificate,
    secure: implicit,
    logger: false,
    authOptional: account === undefined,
    disabledCommands: [
      ...(certificate === undefined || implicit ? ['STARTTLS'] : []),
      ...(account === undefined ? ['AUTH'] : []),
    ],
    // Would take a password from anybody who sends it unencrypted.
    allowInsecureAuth: true,
    onAuth({ username = '', password }, _session, done) {
      onAttempt()
      if (account === undefined || username !== account.user || password !== account.password)
        done(new Error('wrong name or password'))
      else done(null, { user: username })
    },
  }
}

/** Starts a mail server on a free port. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  let failures = 0
  let attempts = 0
  const server = new SMTPServer({
    ...optionsOf(options, () => {
      attempts += 1
    }),
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        if (failures > 0) {
          failures -= 1
          done(temporaryFailure())
          return
        }
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address).join(','),
          text: Buffer.concat(parts).toString('utf8').replaceAll('\r\n', '\n'),
          isEncrypted: session.secure,
          user: session.user,
        })
        done()
      })
    },
  })
  // Clients that hang up in the middle are what some tests are about.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    mails,
    attempts: () => attempts,
    failNext(times) {
      failures = times
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
