import { isDeepStrictEqual } from 'node:util'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { ControlAnswer, ControlCall, ControlWorld } from './control-world.ts'

interface Schema {
  readonly [member: string]: unknown
}
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: Schema
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>
interface Documented {
  readonly content?: Content
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>
}
interface Operation {
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, Documented>>
  readonly security?: readonly unknown[]
}

/** What one call of an operation sends. */
export interface Sent extends Omit<ControlCall, 'headers'> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A running control plane, called and checked by its own OpenAPI document. */
export interface DocumentedApi {
  /** `get /api/v1/teams/{uid}` of everything documented. */
  readonly operations: readonly string[]
  /** Those that `send` was called for. */
  readonly called: ReadonlySet<string>
  /**
   * Calls an operation as its document says, and checks what is sent and the success that comes back against it.
   * @throws Error naming the operation and everything that does not fit.
   */
  send(operation: string, sent?: Sent): Promise<ControlAnswer>
  /** As `send`, for a call that is to be refused with this status; what is sent may be anything. */
  refuse(operation: string, status: number, sent?: Sent): Promise<ControlAnswer>
}

function compilerFor(components: unknown): (schema: Schema) => ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true })
  ajv.addKeyword('components')
  ajv.addFormat('uri', (text: string) => URL.canParse(text))
  ajv.addFormat('date-time', (text: string) => !Number.isNaN(Date.parse(text)))
  ajv.addFormat('uuid', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i)
  ajv.addFormat('cidrv4', /^[\d.]+\/\d+$/)
  ajv.addFormat('cidrv6', /^[\da-f:.]+\/\d+$/i)
  const known = new WeakMap<Schema, ValidateFunction>()
  return (schema) => {
    const compiled = known.get(schema) ?? ajv.compile({ ...schema, components })
    known.set(schema, compiled)
    return compiled
  }
}

function fill(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const value = params[name]
    if (value === undefined) throw new Error(`${path} needs ${name}`)
    return encodeURIComponent(value)
  })
}

/** Path and query come as text; the document may want numbers. */
function typed(text: string, { type }: Schema): unknown {
  return type === 'integer' || type === 'number' ? Number(text) : text
}

type Check = (schema: Schema, value: unknown, what: string) => void

function checkRequest(operation: Operation, sent: Sent, check: Check): void {
  const { params = {}, query = {}, headers = {} } = sent
  const given = { path: params, query, header: headers }
  for (const parameter of operation.parameters) {
    const name = parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name
    const text = given[parameter.in][name]
    if (text !== undefined) check(parameter.schema, typed(text, parameter.schema), `${parameter.in} ${name}`)
    else if (parameter.required) throw new Error(`${parameter.in} ${name} is required and was not sent`)
  }
  for (const place of ['path', 'query', 'header'] as const) {
    const named = operation.parameters.filter((one) => one.in === place).map(({ name }) => name)
    const known = place === 'header' ? named.map((name) => name.toLowerCase()) : named
    const strange = Object.keys(given[place]).find((name) => !known.includes(name))
    if (strange !== undefined) throw new Error(`${place} ${strange} is not documented`)
  }
  const { requestBody } = operation
  if (sent.body === undefined) {
    if (requestBody?.required === true) throw new Error('a body is required and was not sent')
    return
  }
  const [content] = Object.values(requestBody?.content ?? {})
  if (content === undefined) throw new Error('a body was sent and none is documented')
  check(content.schema, sent.body, 'request body')
}

function checkHeaders({ headers = {} }: Documented, answer: ControlAnswer, check: Check): void {
  for (const [name, { required = false, schema }] of Object.entries(headers)) {
    const text = answer.headers.get(name)
    if (text !== null) check(schema, typed(text, schema), `header ${name}`)
    else if (required) throw new Error(`the answer has no ${name}`)
  }
  const strange = ['ETag', 'Retry-After'].find((name) => answer.headers.has(name) && !(name in headers))
  if (strange !== undefined) throw new Error(`the answer’s ${strange} is not documented`)
}

function checkAnswer(
  response: Operation['responses'][string] | undefined,
  answer: ControlAnswer,
  check: Check,
): void {
  if (response === undefined) throw new Error(`status ${answer.status} is not documented`)
  checkHeaders(response, answer, check)
  const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
  if (response.content === undefined) {
    if (answer.json !== undefined) throw new Error('an answer without a documented body has one')
    return
  }
  const content = response.content[type]
  if (content === undefined) throw new Error(`content type ${type} is not documented`)
  if (type.endsWith('json')) check(content.schema, answer.json, 'answer')
}

/** Around the call of an operation that may change something. */
type Around = (operation: string, send: () => Promise<ControlAnswer>) => Promise<ControlAnswer>

/** Reads the OpenAPI document of a running control plane. */
export async function openDocumentedApi(
  world: ControlWorld,
  aroundChange: Around = (_operation, send) => send(),
): Promise<DocumentedApi> {
  const { json } = await world.call('get', '/api/v1/openapi.json')
  const document: { paths: Record<string, Record<string, Operation>>; components: unknown } = json
  const validatorOf = compilerFor(document.components)
  const check: Check = (schema, value, what) => {
    const validate = validatorOf(schema)
    if (!validate(value))
      throw new Error(`${what}: ${JSON.stringify(validate.errors)} in ${JSON.stringify(value)}`)
  }
  const called = new Set<string>()
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  let calls = 0
  const call = async (
    name: string,
    { params = {}, query = {}, headers = {}, ...rest }: Sent,
  ): Promise<ControlAnswer> => {
    const [method = '', path = ''] = name.split(' ')
    calls += 1
    const text = new URLSearchParams(query).toString()
    // Each call from an address of its own: limits by address are not what this is about.
    const from = { 'x-forwarded-for': `10.9.${calls >> 8}.${calls & 255}` }
    const type = Object.keys(operationOf(name).requestBody?.content ?? {})[0]
    const as = type === undefined || rest.body === undefined ? {} : { 'content-type': type }
    return world.call(method, fill(path, params) + (text === '' ? '' : `?${text}`), {
      ...rest,
      headers: { ...from, ...as, ...headers },
    })
  }
  const operationOf = (name: string): Operation => {
    const [method = '', path = ''] = name.split(' ')
    const operation = document.paths[path]?.[method]
    if (operation === undefined) throw new Error(`${name} is not documented`)
    return operation
  }
  /** A create that is sent again under its key makes nothing more: it is answered the same, or told that its secret was shown. */
  const checkOnce = async (name: string, sent: Sent, first: ControlAnswer): Promise<void> => {
    const again = await call(name, sent)
    const isSecretTold = again.status === 409 && String(again.json.detail).includes('secret was shown once')
    if (!isSecretTold && !isDeepStrictEqual([again.status, again.json], [first.status, first.json]))
      throw new Error(`sent again: ${again.status} ${JSON.stringify(again.json)}`)
  }
  return {
    operations,
    called,
    async send(name, asked = {}) {
      const operation = operationOf(name)
      const isOnce = operation.parameters.some((one) => one.name.toLowerCase() === 'idempotency-key')
      const key = { 'idempotency-key': `once-${calls}` }
      const sent = isOnce ? { ...asked, headers: { ...key, ...asked.headers } } : asked
      called.add(name)
      try {
        checkRequest(operation, sent, check)
        const answer = name.startsWith('get ')
          ? await call(name, sent)
          : await aroundChange(name, () => call(name, sent))
        if (answer.status >= 400) throw new Error(`${answer.status} ${JSON.stringify(answer.json)}`)
        checkAnswer(operation.responses[answer.status], answer, check)
        if (isOnce) await checkOnce(name, sent, answer)
        return answer
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        })
      }
    },
    async refuse(name, status, sent = {}) {
      const answer = await call(name, sent)
      if (answer.status !== status) throw new Error(`${name}: ${answer.status}, not ${status}`)
      checkAnswer(operationOf(name).responses['default'], answer, check)
      return answer
    },
  }
}
