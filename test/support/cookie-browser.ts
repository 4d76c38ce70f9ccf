/** A request with its headers as a plain record. */
export type BrowserRequest = Omit<RequestInit, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>
}

/** A browser without a screen or scripts: keeps cookies by host, follows nothing, sends what a browser's navigation would. */
export interface CookieBrowser {
  readonly cookies: Map<string, string>
  /** All `Set-Cookie` lines seen, in order. */
  readonly setCookies: string[]
  /** Opens a URL; a form makes it a post. */
  open(url: string, form?: Record<string, string>): Promise<Response>
  /** Opens a URL and follows redirects (not off loopback) until a page answers. */
  follow(url: string): Promise<Response>
  /** What a script of the page at the same origin would ask. */
  api(url: string, init?: BrowserRequest): Promise<Response>
}

/** Where a redirect leads, absolute. */
export function locationOf(response: Response): string {
  return new URL(response.headers.get('location') ?? '', response.url).href
}

/** Cookies ignore ports, as in a real browser: everything on 127.0.0.1 shares one jar. */
export function createCookieBrowser(): CookieBrowser {
  const cookies = new Map<string, string>()
  const setCookies: string[] = []
  const send = async (url: string, init: BrowserRequest): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...init.headers }
    const response = await fetch(url, { redirect: 'manual', ...init, headers })
    for (const line of response.headers.getSetCookie()) {
      setCookies.push(line)
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
  const open: CookieBrowser['open'] = (url, form) =>
    send(url, {
      headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', accept: 'text/html' },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
  return {
    cookies,
    setCookies,
    open,
    async follow(url) {
      let response = await open(url)
      for (let i = 0; i < 10 && response.status >= 300 && response.status < 400; i++)
        response = await open(locationOf(response))
      return response
    },
    api: (url, init = {}) =>
      send(url, { ...init, headers: { 'sec-fetch-site': 'same-origin', ...init.headers } }),
  }
}

/**
 * Signs in through the demo identity provider: from `/login/demo` to the redirect after the callback.
 * @returns the answer to the callback.
 */
export async function signInAs(
  browser: CookieBrowser,
  controlUrl: string,
  signIn: string,
  query = '',
): Promise<Response> {
  const form = await browser.follow(`${controlUrl}/login/demo${query}`)
  const interaction = form.url
  if (!interaction.includes('/interaction/')) return form
  let response = await browser.open(interaction, { signIn, password: 'right' })
  for (let i = 0; i < 5 && !response.url.includes('/login/demo/callback'); i++)
    response = await browser.open(locationOf(response))
  return response
}
