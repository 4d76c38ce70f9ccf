import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { GatehouseError } from '@gatehouse/errors'
import { type AppDeps, newNonce, pagePolicy, trailOf } from '@gatehouse/http'
import compression from 'compression'
import type { Express, NextFunction, Request, Response } from 'express'

export interface PageDeps {
  /** Folder of the built console. */
  readonly dir: string
  readonly record: AppDeps['record']
  /** Notes who looks at a page, if anyone is signed in; never throws. */
  readonly attribute: AppDeps['attribute']
}

/** Where the build writes the nonce's place. */
const noncePlace = '__CSP_NONCE__'
/** Paths that the console has a page for; others get the same page, which then says that there is nothing. */
const pages = new Set(['/', '/sign-in', '/signed-in', '/signed-out', '/accessibility'])
/** What stands before the path of a screen; its routes below are the console's own business (services/console/src/routes.tsx). */
const screens = /^\/(explore|dashboards|access|audit|system)(\/|$)/

/** The built page, read anew each time: a console that was built again needs no restart. */
function readPage(dir: string): Promise<string | undefined> {
  return readFile(join(dir, 'index.html'), 'utf8').catch(() => undefined)
}

/** The page's own path for the trail: a screen, not what is looked at in it. */
function routeOf(path: string): string | undefined {
  if (pages.has(path)) return path
  const screen = screens.exec(path)?.[1]
  return screen === undefined ? undefined : `/${screen}`
}

/** The build writes no other names, and none leads out of its folder. */
const assetName = /^[\w-][\w.-]*$/

/** Serves the files that the page loads, each under the hash of its content: nothing to ask for again, and nothing of any org. */
function mountAssets(app: Express, deps: PageDeps): void {
  const serve = async (
    { params: { name } }: Request<{ name: string }>,
    response: Response,
  ): Promise<void> => {
    const trail = trailOf(response)
    Object.assign(trail, { route: '/assets/:name', action: 'pages:read', params: { name } })
    const isFile = assetName.test(name)
    const file = isFile ? await readFile(join(deps.dir, 'assets', name)).catch(() => undefined) : undefined
    if (file === undefined) throw new GatehouseError('not_found', 'there is no such file')
    await deps.record(trail, { status: 200, errorCode: undefined })
    response.setHeader('cache-control', 'public, max-age=31536000, immutable')
    response.setHeader('content-length', file.length)
    response.type(extname(name)).end(file)
  }
  app.get('/assets/:name', compression(), serve)
}

/**
 * Serves the built console: hashed assets compressed and for a year, the page itself never cached, with a fresh nonce under a strict content
 * security policy.
 */
export function mountPages(app: Express, deps: PageDeps): void {
  mountAssets(app, deps)
  app.get(
    /^\/(?!api\/|scim\/|prom\/|assets\/)/,
    async (request: Request, response: Response, next: NextFunction) => {
      if (!request.accepts('html')) {
        next()
        return
      }
      const page = await readPage(deps.dir)
      if (page === undefined)
        throw new GatehouseError(
          'unavailable',
          'the console is not built; run: npm run build -w @gatehouse/console',
        )
      const trail = trailOf(response)
      const known = routeOf(request.path)
      if (known !== undefined) trail.route = known
      trail.action = 'pages:read'
      await deps.attribute(request, trail)
      const status = known === undefined ? 404 : 200
      await deps.record(trail, { status, errorCode: known === undefined ? 'not_found' : undefined })
      const nonce = newNonce()
      response.setHeader('content-security-policy', pagePolicy(nonce))
      response.setHeader('cache-control', 'no-store')
      response.status(status).type('html').send(page.replaceAll(noncePlace, nonce))
    },
  )
}
