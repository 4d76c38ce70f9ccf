import type { AuditEvent } from '@gatehouse/audit'
import { authorize, isAction, type OrgPolicy } from '@gatehouse/authz'
import type {
  ControlConfig,
  IssuerConfig,
  LimitsConfig,
  Material,
  NotificationsConfig,
} from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import {
  type App,
  type AppDeps,
  createApp,
  createPermissions,
  type PermissionDeps,
  type Permissions,
} from '@gatehouse/http'
import {
  type Authenticator,
  createAuthenticator,
  type IdentityStore,
  isLoopback,
  type RecognisedUser,
  sessionCookieFor,
} from '@gatehouse/identity'
import type { Logger } from '@gatehouse/telemetry'
import { auditEventOf } from './audit-event.ts'
import { type ChangesDeps, createChanges } from './changes.ts'
import { accessRequestRoutes } from './features/access-requests/routes.ts'
import type { AuditLog } from './features/audit/log.ts'
import { auditRoutes } from './features/audit/routes.ts'
import { breakGlassRoutes } from './features/break-glass/routes.ts'
import { dashboardRoutes } from './features/dashboards/routes.ts'
import { folderRoutes } from './features/folders/routes.ts'
import { rehearsalRoutes, type RehearsalRouteDeps } from './features/rehearsals/routes.ts'
import { issuerRoutes } from './features/issuers/routes.ts'
import { manageRoutes } from './features/manage-routes.ts'
import { meRoutes } from './features/me/routes.ts'
import { openApiRoute } from './features/openapi/routes.ts'
import { type ProvisionerDeps, provisionerPermission } from './features/scim/provisioning.ts'
import { scimRoutes } from './features/scim/routes.ts'
import { provisioningTokenRoutes } from './features/scim/token-routes.ts'
import { type CurrentSessionDeps, currentSessionRoutes } from './features/sessions/current-routes.ts'
import { type SessionRouteDeps, sessionRoutes, signedOutPath } from './features/sessions/routes.ts'
import { systemRoutes } from './features/system/routes.ts'
import { mountForward } from './forward.ts'
import { createCallerLimit, mountLimits, signInRates } from './limit-sign-in.ts'
import type { LoginAttempts } from './login/attempts.ts'
import { createLoginIssuer, endSessionUrl, type LoginIssuer } from './login/client.ts'
import { type LocalAdminDeps, mountLocalAdmin } from './login/local-admin.ts'
import { createLoginCookies } from './login/cookies.ts'
import { mountLogin } from './login/routes.ts'
import { createSessionChecks, type SessionChecksDeps } from './login/session-checks.ts'
import type { SignInStore } from './login/sign-in.ts'
import { mountPages } from './pages.ts'

/** What the control plane is composed of; only `main.ts` makes the adapters. */
export interface ControlDeps {
  readonly config: ControlConfig
  readonly issuers: readonly IssuerConfig[]
  readonly store: IdentityStore & SignInStore
  readonly attempts: LoginAttempts
  /** The org's current policy; throws `unavailable` when it is too old. */
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  /** Resolves when the event is durable; throws when it cannot be. */
  readonly appendAudit: (event: AuditEvent) => Promise<void>
  /** Transactions of one org, and how a change in one is recorded. */
  readonly changes: ChangesDeps
  /** The audit log, for its readers. */
  readonly auditLog: AuditLog
  readonly rehearse: RehearsalRouteDeps['rehearse']
  /** When a session ends, and extending it. */
  readonly sessions: Pick<CurrentSessionDeps, 'sessionEnds' | 'extendSession'> &
    Pick<SessionRouteDeps, 'sealedOf'> &
    Pick<SessionChecksDeps, 'begin' | 'end'>
  readonly takeLocalAdminCode: LocalAdminDeps['takeCode']
  readonly findProvisioner: ProvisionerDeps['findProvisioner']
  readonly notifications: NotificationsConfig
  /** Called after notices were added. */
  readonly wakeNotices: () => void
  /** Where control reaches the gateway. */
  readonly gatewayUrl: string
  /** Certificates (PEM) that are trusted there instead of the system's. */
  readonly gatewayCa: Material<string> | undefined
  /** Checks where the URL of a shard leads. @throws GatehouseError `bad_data` */
  readonly checkAddress: (url: string) => Promise<void>
  /** The first of these servers (`host:port`) that the URL of a shard leads to under whatever name. */
  readonly findAlias: (url: string, servers: readonly string[]) => Promise<string | undefined>
  /** What queries may cost, as the gateway is told, too; shown to operators. */
  readonly limits: LimitsConfig
  /** Where clients reach the gateway; shown to people. */
  readonly gatewayExternalUrl: string
  readonly consoleDir: string
  readonly maxStaleness: number
  readonly logger: Logger
}

function createControlPermissions(
  { authenticate, recognise }: Authenticator,
  { policyOf, count }: Pick<ControlDeps, 'policyOf'> & Pick<PermissionDeps<RecognisedUser>, 'count'>,
): Permissions<RecognisedUser> {
  return createPermissions({
    authenticate,
    recognise,
    count,
    authorize: async (principal, action, resource) => {
      if (!isAction(action))
        throw new GatehouseError('internal', 'internal error', { detail: `no action ${action}` })
      return authorize(await policyOf(principal.orgUid), { principal, action, resource, now: Date.now() })
    },
  })
}

function endSessionWith(issuers: readonly LoginIssuer[], externalUrl: string) {
  const back = new URL(signedOutPath, externalUrl).href
  return async (issuerUrl: string, idToken: string | undefined): Promise<string | undefined> => {
    const issuer = issuers.find(({ config }) => config.issuer === issuerUrl)
    return issuer === undefined ? undefined : endSessionUrl(issuer, back, idToken)
  }
}

const fetchSite = 'sec-fetch-site'

/** Notes whose credentials a request carries: for the evidence only, so a session counts whichever site caused the request. */
function attributeWith({ authenticate }: Authenticator): AppDeps['attribute'] {
  return async ({ rawHeaders }, trail) => {
    const headers = rawHeaders.filter((_, i) => rawHeaders[i - (i % 2)]?.toLowerCase() !== fetchSite)
    const evidence = [...headers, fetchSite, 'same-origin']
    const principal = await authenticate(evidence, trail.address).catch(() => undefined)
    if (principal === undefined) return
    const { orgUid, ...actor } = principal
    trail.actor = actor
    trail.orgUid = orgUid
  }
}

/** Browsers leave out `Sec-Fetch-Site` on plain http, and a session cookie could be read on the way. */
function checkExternalUrl(externalUrl: string): void {
  const url = new URL(externalUrl)
  if (url.protocol !== 'https:' && !isLoopback(url))
    throw new Error(`control.externalUrl ${externalUrl} must be https, except on this machine itself`)
}

/** Nobody signs in past the identity providers without anybody being told. */
function checkLocalAdmin(orgs: readonly string[], { notifications, issuers }: ControlDeps): void {
  const untold = orgs.find((org) => !notifications.dataOwners.some((owner) => owner.org === org))
  if (untold !== undefined)
    throw new Error(`control.localAdmin: the org ${untold} has no data owner in notifications.dataOwners`)
  if (issuers.some(({ name }) => name === 'local'))
    throw new Error('control.localAdmin: no issuer may be named local, whose sign-in page that is')
}

/**
 * Builds the control plane's Express application.
 * @param externalUrl Where browsers reach it.
 * @throws Error when a route lacks its permission, or the external URL is plain http off this machine.
 */
export function createControl(deps: ControlDeps, externalUrl: string): App['express'] {
  checkExternalUrl(externalUrl)
  const { store, policyOf, logger, config } = deps
  const cookie = sessionCookieFor(externalUrl)
  const cookies = createLoginCookies(cookie)
  const issuers = deps.issuers.map(createLoginIssuer)
  const { maxStaleness } = deps
  const sessionCookieName = cookie.name
  const authenticator = createAuthenticator({ store, issuers: deps.issuers, sessionCookieName, maxStaleness })
  const { recognise } = authenticator
  const { count } = createCallerLimit(config.principalRate)
  const permissions = createControlPermissions(authenticator, { policyOf, count })
  const record: AppDeps['record'] = async (trail, ending) =>
    deps.appendAudit(auditEventOf(trail, ending, Date.now()))
  const attribute = attributeWith(authenticator)
  const app = createApp({ externalUrl, trustProxy: config.trustProxy, logger, record, attribute })
  const lifetime = { idleMs: config.sessionIdle, lifetimeMs: config.sessionLifetime }
  const { attempts, gatewayUrl } = deps
  const { signInBurst: burst } = config
  const limitRefused = mountLimits(app.express, { ...signInRates, signIn: { ...signInRates.signIn, burst } })
  const checks = createSessionChecks({
    issuers,
    store,
    ...deps.sessions,
    appendAudit: deps.appendAudit,
    logger,
  })
  app.express.use((request, _response, next) => {
    const secret = cookies.read(request.headers.cookie, cookies.session)
    if (secret !== undefined) checks.note(secret)
    next()
  })
  const { appendAudit } = deps
  mountLogin(app.express, {
    issuers,
    attempts,
    store,
    cookies,
    lifetime,
    externalUrl,
    record,
    appendAudit,
    logger,
  })
  const endSession = endSessionWith(issuers, externalUrl)
  const changes = createChanges(deps.changes)
  const { localAdmin } = config
  if (localAdmin !== undefined) {
    checkLocalAdmin(localAdmin.orgs, deps)
    const { takeLocalAdminCode: takeCode, notifications: told } = deps
    const opening = {
      store,
      changes,
      cookies,
      record,
      takeCode,
      notifications: told,
      wakeNotices: deps.wakeNotices,
    }
    mountLocalAdmin(app.express, { ...opening, orgs: localAdmin.orgs })
  }
  const { notifications, wakeNotices } = deps
  const asking = { permissions, policyOf, changes, notifications, wakeNotices }
  const routes = [
    ...issuerRoutes(issuers, permissions),
    ...dashboardRoutes({ permissions, policyOf, changes }),
    ...folderRoutes({ permissions, policyOf, changes }),
    ...scimRoutes({
      changes,
      provisioner: provisionerPermission({ findProvisioner: deps.findProvisioner, count }),
      baseUrl: new URL('/scim/v2', externalUrl).href,
    }),
    ...provisioningTokenRoutes({ permissions, policyOf, changes, issuers: deps.issuers }),
    ...accessRequestRoutes(asking),
    ...breakGlassRoutes(asking),
    ...auditRoutes({
      permissions,
      policyOf,
      changes,
      log: deps.auditLog,
    }),
    ...rehearsalRoutes({ permissions, changes, rehearse: deps.rehearse }),
    ...sessionRoutes({
      permissions,
      cookies,
      recognise,
      closeSession: store.closeSession,
      sealedOf: deps.sessions.sealedOf,
      endSession,
    }),
    ...currentSessionRoutes({ permissions, cookies, findSession: store.findSession, ...deps.sessions }),
    ...meRoutes({
      permissions,
      policyOf,
      recognise,
      issuers: deps.issuers,
      gatewayUrl: deps.gatewayExternalUrl,
      grafanaUrl: deps.config.grafanaUrl,
    }),
    ...systemRoutes({
      permissions,
      policyOf,
      changes,
      gateway: { gatewayUrl, ca: () => deps.gatewayCa?.current() },
      issuers,
      limits: deps.limits,
    }),
    ...manageRoutes({
      permissions,
      policyOf,
      changes,
      gatewayUrl: deps.gatewayExternalUrl,
      checkAddress: deps.checkAddress,
      findAlias: deps.findAlias,
    }),
  ]
  app.mount([...routes, openApiRoute(routes, permissions)])
  mountForward(app.express, { gatewayUrl, gatewayCa: deps.gatewayCa, cookies, record, attribute, logger })
  mountPages(app.express, { dir: deps.consoleDir, record, attribute })
  app.express.use(limitRefused)
  app.finish()
  return app.express
}
