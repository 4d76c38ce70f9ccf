/** How the session cookie is named and flagged for one external URL of the console. */
export interface SessionCookie {
  readonly name: string
  /** Whether it carries `Secure`. */
  readonly isSecure: boolean
}

/**
 * The session cookie for the console's external URL. Behind https it is `__Host-gatehouse_session`: browsers take that name
 * only with `Secure`, `Path=/` and no `Domain`, so no sibling host can plant it. On plain http (loopback only) browsers would
 * refuse that name, so the prefix is dropped there; the two names are never accepted for each other.
 */
export function sessionCookieFor(externalUrl: string): SessionCookie {
  const isSecure = new URL(externalUrl).protocol === 'https:'
  return { name: isSecure ? '__Host-gatehouse_session' : 'gatehouse_session', isSecure }
}

/** Every value of the named cookie in a `Cookie` header; more than one means somebody planted a second. */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = []
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) values.push(pair.slice(at + 1).trim())
  }
  return values
}
