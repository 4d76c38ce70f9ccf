import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatehouseError } from '@gatehouse/errors'
import { type AppDeps, newNonce, pagePolicy, type Trail, trailOf } from '@gatehouse/http'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'

export interface PageDeps {
  /** Folder of the built console. */
  readonly dir: string
  readonly record: AppDeps['record']
  /** Notes who looks at a page, if anyone is signed in; never throws. */
  readonly noteActor: (request: Request, trail: Trail) => Promise<void>
}

/** Where the build writes the nonce's place. */
const noncePlace = '__CSP_NONCE__'
/** Paths that the console has a page for; others get the same page, which then says that there is nothing. */
const pages = new Set(['/', '/sign-in', '/signed-out'])

function readPage(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, 'index.html'), 'utf8')
  } catch {
    return undefined
  }
}

/**
 * Serves the built console: hashed assets for a year, the page itself never cached, with a fresh nonce under a strict content
 * security policy.
 */
export function mountPages(app: Express, deps: PageDeps): void {
  const page = readPage(deps.dir)
  const assets = { immutable: true, maxAge: '1y', index: false, redirect: false, fallthrough: false } as const
  app.use('/assets', express.static(join(deps.dir, 'assets'), assets))
  app.get(
    /^\/(?!api\/|scim\/|prom\/|login\/|assets\/)/,
    async (request: Request, response: Response, next: NextFunction) => {
      if (!request.accepts('html')) {
        next()
        return
      }
      if (page === undefined)
        throw new GatehouseError(
          'unavailable',
          'the console is not built; run: npm run build -w @gatehouse/console',
        )
      const trail = trailOf(response)
      const isKnown = pages.has(request.path)
      trail.route = isKnown ? request.path : '/*'
      trail.action = 'pages:read'
      await deps.noteActor(request, trail)
      const status = isKnown ? 200 : 404
      await deps.record(trail, { status, errorCode: isKnown ? undefined : 'not_found' })
      const nonce = newNonce()
      response.setHeader('content-security-policy', pagePolicy(nonce))
      response.setHeader('cache-control', 'no-store')
      response.status(status).type('html').send(page.replaceAll(noncePlace, nonce))
    },
  )
}
