import { timingSafeEqual, createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Provider } from 'oidc-provider'
import { freePort } from '../process/ports.ts'
import { loadKeys } from './keys.ts'
import { messagePage, signInPage } from './pages.ts'
import type { IdpClient, Person } from './people.ts'
import { providerConfig } from './provider-config.ts'

/** How to start the demo identity provider. */
export interface IdpOptions {
  /** Loopback port; a free one by default. */
  readonly port?: number
  /** Issuer; default `http://127.0.0.1:<port>`. Must be on loopback. */
  readonly issuer?: string
  readonly clients: readonly IdpClient[]
  readonly people: readonly Person[]
  /** File that keeps the signing key (mode 0600); made when missing. */
  readonly keyFile: string
  /** Audience of access tokens; default `gatehouse`. */
  readonly audience?: string
  readonly onError?: (error: Error) => void
}

/** A running identity provider. */
export interface Idp {
  readonly issuer: string
  readonly port: number
  stop(): Promise<void>
}

const maxFormBytes = 4_096

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > maxFormBytes) throw new Error('the form is too long')
  }
  return new URLSearchParams(text)
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
  })
  response.end(html)
}

/** Shows the sign-in form and, once it is filled in right, tells the provider who signed in. */
function createSignIn(provider: Provider, people: readonly Person[]) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { uid } = await provider.interactionDetails(request, response)
    const form = request.method === 'POST' ? await readForm(request) : undefined
    const signIn = form?.get('signIn')?.trim() ?? ''
    const person = people.find((one) => one.signIn === signIn || one.email === signIn)
    const isRight = timingSafeEqual(digest(form?.get('password') ?? ''), digest(person?.password ?? ''))
    if (form !== undefined && person !== undefined && isRight) {
      const login = { accountId: person.signIn, amr: ['pwd'] }
      await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
      return
    }
    const hasFailed = form !== undefined
    const html = signInPage({ action: `/interaction/${uid}`, people, signIn, hasFailed })
    sendPage(response, hasFailed ? 401 : 200, html)
  }
}

function requireLoopback(issuer: string): URL {
  const url = new URL(issuer)
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw new Error(`the demo identity provider is for loopback only, not for ${issuer}`)
  return url
}

/**
 * Starts the demo identity provider (OpenID Connect, oidc-provider): sign-in by form, consent given to its few known clients,
 * groups in ID tokens and in access tokens (`at+jwt`, RFC 9068; for people with `resource=urn:gatehouse`).
 * @throws Error when the issuer is not on loopback or the port is taken.
 * @example const idp = await startIdp({ clients, people, keyFile: '.gatehouse/idp-keys.json' })
 */
export async function startIdp(options: IdpOptions): Promise<Idp> {
  const port = options.port ?? (await freePort())
  const issuer = options.issuer ?? `http://127.0.0.1:${port}`
  const { host } = requireLoopback(issuer)
  const onError = options.onError ?? (() => undefined)
  const { clients, people, audience = 'gatehouse' } = options
  const provider = new Provider(
    issuer,
    providerConfig({ clients, people, audience, keys: loadKeys(options.keyFile) }),
  )
  provider.on('server_error', (_ctx, error) => onError(error))
  const handle = provider.callback()
  const signIn = createSignIn(provider, people)

  const server = createServer((request, response) => {
    // Another host name here means a page elsewhere has had its own name resolve to this machine.
    if (request.headers.host !== host) sendPage(response, 421, messagePage('Not here', `This is ${issuer}.`))
    else if (request.url?.startsWith('/interaction/') === true)
      signIn(request, response).catch((error: unknown) => {
        onError(error instanceof Error ? error : new Error(String(error)))
        if (!response.headersSent)
          sendPage(response, 400, messagePage('Start again', 'This sign-in has expired.'))
      })
    else void handle(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { issuer, port, stop }
}
