import { cookieValues, type SessionCookie } from '@gatehouse/identity'

/** The cookies of sign-in: the session's, and the pre-login one that ties an attempt to its browser. */
export interface LoginCookies {
  readonly session: string
  readonly browser: string
  set(name: string, value: string, maxAgeMs: number): string
  clear(name: string): string
  /** The cookie's value, or undefined when there is none or more than one. */
  read(header: string | undefined, name: string): string | undefined
}

/** Both cookies are HttpOnly, SameSite=Lax (the identity provider's redirect must carry them), host-only, and Secure behind https. */
export function createLoginCookies({ name, isSecure }: SessionCookie): LoginCookies {
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return {
    session: name,
    browser: name.replace('session', 'login'),
    set: (cookie, value, maxAgeMs) =>
      `${cookie}=${value}; Max-Age=${Math.floor(maxAgeMs / 1_000)}; ${attributes}`,
    clear: (cookie) => `${cookie}=; Max-Age=0; ${attributes}`,
    read: (header, cookie) => {
      const values = cookieValues(header ?? '', cookie)
      return values.length === 1 ? values[0] : undefined
    },
  }
}
