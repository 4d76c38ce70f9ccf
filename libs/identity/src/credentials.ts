import { GatehouseError } from '@gatehouse/errors'
import { cookieValues } from './session-cookie.ts'

/** What a request presents; exactly one kind. */
export type Credentials =
  | { readonly kind: 'bearer'; readonly token: string; readonly idToken: string | undefined }
  | { readonly kind: 'id-token'; readonly token: string }
  | { readonly kind: 'basic'; readonly scope: string; readonly token: string }
  | { readonly kind: 'session'; readonly secret: string }

interface Seen {
  authorization: string[]
  cookie: string[]
  idToken: string[]
  org: string[]
  fetchSite: string[]
}

/** A request's credentials and the org it names, if any. */
export interface Presented {
  readonly credentials: Credentials
  readonly org: string | undefined
}

/** Node keeps only the first of two `Authorization` headers in `headers`; the raw list shows both. */
function collect(rawHeaders: readonly string[]): Seen {
  const seen: Seen = { authorization: [], cookie: [], idToken: [], org: [], fetchSite: [] }
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] ?? ''
    switch (rawHeaders[i]?.toLowerCase() ?? '') {
      case 'authorization':
        seen.authorization.push(value)
        break
      case 'cookie':
        seen.cookie.push(value)
        break
      case 'x-id-token':
        seen.idToken.push(value)
        break
      case 'x-gatehouse-org':
        seen.org.push(value)
        break
      case 'sec-fetch-site':
        seen.fetchSite.push(value)
        break
    }
  }
  return seen
}

function atMostOne(values: readonly string[], what: string): string | undefined {
  if (values.length > 1) throw new GatehouseError('bad_data', `more than one ${what}`)
  return values[0]
}

function refused(message: string): GatehouseError {
  return new GatehouseError('unauthenticated', message)
}

function parseBasic(encoded: string): Credentials {
  const text = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? Buffer.from(encoded, 'base64').toString('utf8') : ''
  const at = text.indexOf(':')
  if (at < 0) throw refused('the Basic credentials are malformed')
  return { kind: 'basic', scope: text.slice(0, at), token: text.slice(at + 1) }
}

function parseAuthorization(header: string, idToken: string | undefined): Credentials {
  const match = /^([A-Za-z]+) +([^\s,]+)$/.exec(header)
  const scheme = match?.[1]?.toLowerCase()
  const rest = match?.[2] ?? ''
  if (scheme === 'bearer') return { kind: 'bearer', token: rest, idToken }
  if (scheme !== 'basic') throw refused('the Authorization header is neither Bearer nor Basic')
  if (idToken !== undefined) throw new GatehouseError('bad_data', 'two kinds of credentials; send one')
  return parseBasic(rest)
}

/**
 * Browsers say in `Sec-Fetch-Site` who caused a request, and no page can forge it. A session counts only for our own pages
 * (`same-origin`) and for what the person typed (`none`): not for other sites, not for sibling hosts, and not for programs,
 * which have tokens of their own.
 */
function parseSession(secret: string, fetchSite: string | undefined): Credentials {
  if (fetchSite !== 'same-origin' && fetchSite !== 'none')
    throw refused("a session is accepted only from Gatehouse's own pages; programs use a token")
  return { kind: 'session', secret }
}

/**
 * Reads the one credential a request presents.
 * @param rawHeaders Node's `rawHeaders`: names and values in turn, duplicates included.
 * @throws GatehouseError `unauthenticated` if there is none, `bad_data` if there are two.
 */
export function readCredentials(rawHeaders: readonly string[], sessionCookieName: string): Presented {
  const seen = collect(rawHeaders)
  const authorization = atMostOne(seen.authorization, 'Authorization header')
  const idToken = atMostOne(seen.idToken, 'X-Id-Token header')
  const org = atMostOne(seen.org, 'X-Gatehouse-Org header')
  const fetchSite = atMostOne(seen.fetchSite, 'Sec-Fetch-Site header')
  const sessions = seen.cookie.flatMap((header) => cookieValues(header, sessionCookieName))
  const session = atMostOne(sessions, 'session cookie')
  if (session !== undefined && (authorization !== undefined || idToken !== undefined))
    throw new GatehouseError('bad_data', 'two kinds of credentials; send one')
  if (session !== undefined) return { credentials: parseSession(session, fetchSite), org }
  if (authorization !== undefined) return { credentials: parseAuthorization(authorization, idToken), org }
  if (idToken !== undefined) return { credentials: { kind: 'id-token', token: idToken }, org }
  throw refused('no credentials; send a bearer token, or sign in')
}
