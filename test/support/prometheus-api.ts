/** An answer of a Prometheus API. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly requestId: string
  readonly text: string
  // oxlint-disable-next-line no-explicit-any -- tests look at any member and compare
  readonly json: any
}

/** Calls an endpoint below `base`; parameters may repeat. Sends a form with POST unless told otherwise. */
export async function callApi(
  base: string,
  path: string,
  options: {
    readonly parameters?: [string, string][] | Record<string, string>
    readonly token?: string
    readonly method?: 'GET' | 'POST'
    readonly headers?: Readonly<Record<string, string>>
    readonly signal?: AbortSignal
  } = {},
): Promise<ApiAnswer> {
  const { parameters = {}, token, method = 'POST', headers = {}, signal } = options
  const form = new URLSearchParams(parameters)
  const target = `${base}/api/v1/${path}${method === 'GET' ? `?${form}` : ''}`
  const response = await fetch(target, {
    method,
    redirect: 'manual',
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(method === 'POST' ? { body: form } : {}),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  const requestId = response.headers.get('x-request-id') ?? ''
  return { status: response.status, headers: response.headers, requestId, text, json }
}
