export { type App, type AppDeps, checkRoutes, createApp, trailOf } from './app.ts'
export { type Download, download, downloadType } from './download.ts'
export type { Format } from './format.ts'
export { answerHealth, type Health } from './health.ts'
export { clientAddress } from './client-address.ts'
export { closeOnSignal, type Drain, listen, type Listening } from './listen.ts'
export { checkOrigin } from './origin.ts'
export {
  createPermissions,
  type Permission,
  type PermissionDeps,
  type Permissions,
  type Person,
  type RouteInput,
} from './permission.ts'
export { probeReady, type Readiness } from './probe.ts'
export { errorFrom, sendProblem } from './problem.ts'
export { checkExpectation, malformedBody, type MalformedDeps, refuseMalformed } from './refuse-malformed.ts'
export {
  type Call,
  nothing,
  type Reply,
  type RequestHeader,
  type Route,
  type RouteDeclaration,
  route,
} from './route.ts'
export { readableTarget } from './request-target.ts'
export { newNonce, pagePolicy, securityHeaders } from './security-headers.ts'
export type { Ending, Trail, TrailActor } from './trail.ts'
export { createHttpServer, type HttpServerDeps } from './tls-server.ts'
