import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newServiceAccountToken } from '@gatehouse/identity'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CookieBrowser, createCookieBrowser, signInAs } from '../support/cookie-browser.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

let world: SignInWorld
let url: string
/** Stands where the gateway is, to see what control passes on. */
let recorder: Server
let recorderUrl: string
const seen: IncomingMessage[] = []
let answer: (request: IncomingMessage, response: import('node:http').ServerResponse) => void

beforeAll(async () => {
  recorder = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  await new Promise<void>((done) => recorder.listen(0, '127.0.0.1', done))
  recorderUrl = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`
  world = await startSignInWorld({ control: { gatewayUrl: recorderUrl } })
  url = world.control.url
})
afterAll(async () => {
  await world?.close()
  recorder?.closeAllConnections()
  recorder?.close()
})
beforeEach(() => {
  seen.length = 0
  answer = (_request, response) => response.end('{}')
})

async function signedIn(): Promise<CookieBrowser> {
  const browser = createCookieBrowser()
  await signInAs(browser, url, 'ada')
  return browser
}

describe('/prom through control', () => {
  it('passes on the session, and no other credential, identity or forwarding header', async () => {
    const browser = await signedIn()
    browser.cookies.set('other', 'x')
    const response = await browser.api(`${url}/prom/metrics/api/v1/query?query=up&x=%2F..%2F`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-gatehouse-org': 'transport',
        'x-scope-orgid': 'health',
        'x-webauth-user': 'root',
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-user': 'root',
        'x-id-token': 'a.b.c',
        'x-grafana-user': 'root',
        forwarded: 'for=1.2.3.4',
        authorization: 'Bearer canary-token',
        'if-none-match': 'x',
        range: 'bytes=0-1',
      },
      body: 'query=up',
    })
    expect(response.status).toBe(200)
    const [request] = seen
    expect(request?.url).toBe('/prom/metrics/api/v1/query?query=up&x=%2F..%2F')
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'cookie',
      'host',
      'sec-fetch-site',
      'user-agent',
      'x-gatehouse-org',
      'x-request-id',
    ])
    expect(request?.headers.cookie).toBe(`gatehouse_session=${browser.cookies.get('gatehouse_session')}`)
    expect(request?.headers.host).toBe(new URL(recorderUrl).host)
  })

  it('passes on the token of a share link where there is no session, and what a query is for', async () => {
    const response = await fetch(`${url}/prom/metrics/api/v1/query?query=up`, {
      headers: {
        authorization: 'Bearer link',
        'x-dashboard-uid': 'board',
        'x-panel-id': '7',
        'x-rule-uid': 'r',
      },
    })
    expect(response.status).toBe(200)
    const [request] = seen
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer link',
      'x-dashboard-uid': 'board',
      'x-panel-id': '7',
    })
    expect(request?.headers).not.toHaveProperty('cookie')
    expect(request?.headers).not.toHaveProperty('x-rule-uid')
  })

  it('passes back what an answer needs, and nothing else', async () => {
    answer = (_request, response) => {
      response.writeHead(401, {
        'content-type': 'application/json',
        'www-authenticate': 'Basic realm="x"',
        'set-cookie': 'gatehouse_session=evil',
        location: 'https://evil.example',
        server: 'x',
        'x-gatehouse-cache': 'hit',
        'content-security-policy': 'default-src *',
      })
      response.end('{"status":"error"}')
    }
    const response = await fetch(`${url}/prom/metrics/api/v1/query`)
    expect(response.status).toBe(401)
    for (const name of ['www-authenticate', 'set-cookie', 'location', 'server'])
      expect(response.headers.has(name)).toBe(false)
    expect(response.headers.get('x-gatehouse-cache')).toBe('hit')
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
  })

  it('streams, and ends the upstream request when the client goes', async () => {
    let closed: () => void
    const gone = new Promise<void>((done) => (closed = done))
    answer = (_request, response) => {
      response.write('{"first":1')
      response.on('close', () => closed())
    }
    const controller = new AbortController()
    const response = await fetch(`${url}/prom/metrics/api/v1/query`, { signal: controller.signal })
    const reader = response.body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('{"first":1')
    controller.abort()
    await gone
  })

  it('records an answer of the gateway that breaks off', async () => {
    answer = (_request, response) => {
      response.write('{"first":1', () => response.destroy())
    }
    const browser = await signedIn()
    const response = await browser.api(`${url}/prom/metrics/api/v1/query?query=up`)
    await expect(response.text()).rejects.toThrow()
    const requestId = response.headers.get('x-request-id') ?? ''
    const sql = `select code, event -> 'outcome' ->> 'errorCode' as error, event ->> 'orgUid' is not null as known
      from audit_events where event ->> 'requestId' = '${requestId}'`
    await expect
      .poll(() => world.sql(sql), { timeout: 5_000 })
      .toEqual([{ code: 'V001E', error: 'bad_gateway', known: true }])
  })

  it('is refused for pages of other sites', async () => {
    const browser = await signedIn()
    const response = await browser.api(`${url}/prom/metrics/api/v1/query`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    })
    expect(response.status).toBe(403)
    expect(seen).toHaveLength(0)
  })

  it('does not follow a path out of /prom', async () => {
    for (const path of ['/prom/../metrics', '/prom/%2e%2e/metrics', '/Prom/x', '/promx'])
      await fetch(url + path).catch(() => undefined)
    expect(seen.map((request) => request.url)).toEqual([])
  })

  it("speaks Prometheus's form when the gateway is away", async () => {
    answer = (request) => request.socket.destroy()
    const response = await fetch(`${url}/prom/metrics/api/v1/query`)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ status: 'error', errorType: 'bad_gateway' })
  })
})

describe('pages', () => {
  it('come with a strict policy, a nonce of their own, and are never cached', async () => {
    const page = (): Promise<Response> => fetch(url, { headers: { accept: 'text/html' } })
    const [first, second] = [await page(), await page()]
    const policy = first.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'; script-src 'self';")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
    expect(second.headers.get('content-security-policy')).not.toContain(nonce)
    expect(first.headers.get('cache-control')).toBe('no-store')
    const html = await first.text()
    expect(html).not.toContain('__CSP_NONCE__')
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style=|https?:\/\//)
    const [asset = ''] = /\/assets\/[^"]+\.js/.exec(html) ?? []
    const script = await fetch(url + asset)
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(script.headers.get('x-content-type-options')).toBe('nosniff')
    const requestId = script.headers.get('x-request-id') ?? ''
    await expect
      .poll(() => world.sql(`select code from audit_events where event ->> 'requestId' = '${requestId}'`), {
        timeout: 5_000,
      })
      .toEqual([{ code: 'V001I' }])
  })

  it('exist under known addresses only', async () => {
    const status = async (path: string): Promise<number> =>
      (await fetch(url + path, { headers: { accept: 'text/html' }, redirect: 'manual' })).status
    for (const path of ['/', '/sign-in', '/signed-out']) expect(await status(path)).toBe(200)
    for (const path of [
      '/nothing',
      '/api/v1/nothing',
      '/assets/nothing.js',
      '/assets/',
      '/login/x',
      '/.stamp',
      '/index.html',
    ])
      expect(await status(path)).toBe(404)
    for (const path of [
      '/assets/..%2findex.html',
      '/assets/%2e%2e/index.html',
      '/assets/..%2f..%2fpackage.json',
    ])
      expect(await status(path)).toBeGreaterThanOrEqual(400)
  })

  it('leave no door to a cross-origin script', async () => {
    const response = await fetch(`${url}/api/v1/issuers`, { headers: { origin: 'https://evil.example' } })
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
    const preflight = await fetch(`${url}/api/v1/sessions/current`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' },
    })
    expect(preflight.headers.has('access-control-allow-origin')).toBe(false)
    expect(preflight.headers.has('access-control-allow-methods')).toBe(false)
  })
})

describe('sessions', () => {
  const status = async (browser: CookieBrowser): Promise<number> =>
    (await browser.api(`${url}/api/v1/me`)).status
  const second = (): Promise<void> => new Promise((done) => setTimeout(done, 1_100))

  it.each([
    ['idleness', `last_seen_at = now() - interval '2 hours'`],
    ['age', `expires_at = now() - interval '1 second'`],
    ['revocation', 'revoked_at = now()'],
  ])('end by %s within a second', async (_, change) => {
    const browser = await signedIn()
    expect(await status(browser)).toBe(200)
    await world.sql(`update sessions set ${change}`)
    await second()
    expect(await status(browser)).toBe(401)
  })

  it('are not for programs, nor tokens for sessions', async () => {
    const browser = await signedIn()
    const secret = browser.cookies.get('gatehouse_session')
    const program = await fetch(`${url}/api/v1/me`, { headers: { cookie: `gatehouse_session=${secret}` } })
    expect(program.status).toBe(401)
    const both = await browser.api(`${url}/api/v1/me`, {
      headers: { authorization: `Bearer ${newServiceAccountToken()}` },
    })
    expect(both.status).toBe(400)
    const asCookie = await fetch(`${url}/api/v1/me`, {
      headers: { cookie: `gatehouse_session=${newServiceAccountToken()}`, 'sec-fetch-site': 'same-origin' },
    })
    expect(asCookie.status).toBe(401)
  })

  it('leave no secret in the audit log', async () => {
    const browser = await signedIn()
    const secret = browser.cookies.get('gatehouse_session') ?? 'none'
    const canary = newServiceAccountToken()
    await fetch(`${url}/api/v1/me?token=${canary}`, { headers: { authorization: `Bearer ${canary}` } })
    await fetch(`${url}/api/v1/${canary}`)
    await second()
    const log = JSON.stringify(await world.sql('select event from audit_events'))
    expect(log).toContain('/api/v1/me')
    expect(log).not.toContain(canary)
    expect(log).not.toContain(secret)
  })
})

describe('behind https', () => {
  it('cookies are Secure under the __Host- name, and the plain name is another cookie', async () => {
    const secure = await startSignInWorld({ control: { externalUrl: 'https://gatehouse.example' } })
    try {
      const browser = createCookieBrowser()
      const begun = await browser.open(`${secure.control.url}/login/demo`)
      const authorize = new URL(begun.headers.get('location') ?? '')
      expect(authorize.searchParams.get('redirect_uri')).toBe('https://gatehouse.example/login/demo/callback')
      expect(browser.setCookies).toEqual([
        expect.stringMatching(
          /^__Host-gatehouse_login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
        ),
      ])
      expect(begun.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
      const planted = await fetch(`${secure.control.url}/api/v1/me`, {
        headers: { cookie: 'gatehouse_session=x', 'sec-fetch-site': 'same-origin' },
      })
      expect(await planted.json()).toMatchObject({ detail: expect.stringContaining('no credentials') })
    } finally {
      await secure.close()
    }
  })

  it('is required off this machine', async () => {
    const insecure = startSignInWorld({ control: { externalUrl: 'http://gatehouse.example' } })
    await expect(insecure).rejects.toThrow('must be https')
  })
})
