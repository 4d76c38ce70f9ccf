import type { IncomingMessage } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import type { Format } from './format.ts'
import type { Permission } from './permission.ts'
import type { Trail } from './trail.ts'

/** `if-match`: the ETag of what is changed, required. `idempotency-key`: a repeated request is answered as the first was. */
export type RequestHeader = 'if-match' | 'idempotency-key'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** What a handler is given: everything parsed, the caller admitted. */
export interface Call<C, P, Q, B> {
  readonly caller: C
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly trail: Trail
  readonly request: IncomingMessage
  /** Adds a `Set-Cookie` header to the answer. */
  setCookie(cookie: string): void
  /** Sets a header of the answer, such as `ETag`. */
  setHeader(name: string, value: string): void
}

/** What a handler may add to the answer besides its body. */
export type Reply = Pick<Call<unknown, unknown, unknown, unknown>, 'setCookie' | 'setHeader'>

/** One declaration per route; documents, checks and the audit event derive from it. */
export interface RouteDeclaration<C, P, Q, B, R> {
  readonly method: Method
  /** As Express writes it, `/api/v1/teams/:uid`. */
  readonly path: string
  readonly summary: string
  /** Action for the audit log, `plurals:verb`. */
  readonly action: string
  /** No default: a route without one does not compile, and does not start. */
  readonly permission: Permission<C>
  readonly params: z.ZodType<P>
  readonly query: z.ZodType<Q>
  readonly body: z.ZodType<B>
  readonly response: z.ZodType<R>
  /** Of a success; 204 sends no body. Default 200. */
  readonly status?: 200 | 201 | 202 | 204
  /** Longest request body in bytes; default 100,000. */
  readonly maxBodyBytes?: number
  /** Headers the handler looks at; for documents. */
  readonly requestHeaders?: readonly RequestHeader[]
  /** Default: JSON, with problem details for errors. */
  readonly format?: Format
  readonly handler: (call: Call<C, P, Q, B>) => Promise<NoInfer<R>>
}

/** A request as Express hands it over, still untrusted. */
export interface RawInput {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
}

/** A declared route, closed over its types. */
export interface Route {
  readonly declaration: {
    readonly method: Method
    readonly path: string
    readonly summary: string
    readonly action: string
    readonly permission: { readonly name: string }
    readonly params: z.ZodType
    readonly query: z.ZodType
    readonly body: z.ZodType
    readonly response: z.ZodType
    readonly status?: 200 | 201 | 202 | 204
    readonly maxBodyBytes?: number
    readonly requestHeaders?: readonly RequestHeader[]
    readonly format?: Format
  }
  /** Admits, parses, handles; the answer's body fits the response schema. */
  run(request: IncomingMessage, input: RawInput, trail: Trail, reply: Reply): Promise<unknown>
}

/** For a route without path parameters, query parameters or body. */
export const nothing = z.strictObject({})

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = [where, ...(issue?.path ?? [])].join('.')
  throw new GatehouseError('bad_data', `${path}: ${issue?.message ?? 'not valid'}`)
}

function single(query: URLSearchParams): Record<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of query) {
    if (values.has(name)) throw new GatehouseError('bad_data', `the parameter ${name} is given twice`)
    values.set(name, value)
  }
  return Object.fromEntries(values)
}

/** Declares a route. Unknown parameters and members are refused by using strict schemas; {@link nothing} where there are none. */
export function route<C, P, Q, B, R>(declaration: RouteDeclaration<C, P, Q, B, R>): Route {
  const { permission, params, query, body, response, handler } = declaration
  return {
    declaration,
    async run(request, input, trail, reply) {
      // The caller first: someone unknown learns nothing about what a route would accept.
      const caller = await permission.admit(request, input, trail)
      const answer = await handler({
        caller,
        params: parse(params, input.params, 'path'),
        query: parse(query, single(input.query), 'query'),
        body: parse(body, input.body ?? {}, 'body'),
        trail,
        request,
        setCookie: reply.setCookie,
        setHeader: reply.setHeader,
      })
      const checked = response.safeParse(answer)
      if (checked.success) return checked.data
      throw new GatehouseError('internal', 'the answer does not fit its schema', {
        detail: z.prettifyError(checked.error),
      })
    },
  }
}
