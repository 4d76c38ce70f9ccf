import type { Decision, Principal, Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { IncomingMessage } from 'node:http'
import type { Trail } from './trail.ts'

/** Who may call a route, and how a caller is found out. `C` is what the handler gets to know of the caller. */
export interface Permission<C> {
  /** `public`, `person`, `principal`, or the action that is needed. For documents and tests. */
  readonly name: string
  /** Notes what it learns on the trail, also when it refuses. */
  admit(request: IncomingMessage, input: RouteInput, trail: Trail): Promise<C>
}

/** What a request names, for the loader of the resource acted on. */
export interface RouteInput {
  readonly params: Readonly<Record<string, string>>
  /** As it came, unchecked: for routes whose query says where. */
  readonly query: URLSearchParams
  /** As it came, unchecked: for creates whose body says where. */
  readonly body: unknown
}

/** A signed-in person, before an org is chosen. */
export interface Person {
  readonly user: { readonly uid: string; readonly name: string }
  readonly identity: NonNullable<Principal['identity']>
  readonly credential: Principal['credential']
}

/** What permissions are made of. */
export interface PermissionDeps<P extends Person> {
  readonly authenticate: (rawHeaders: readonly string[], remoteAddress: string) => Promise<Principal>
  readonly recognise: (rawHeaders: readonly string[]) => Promise<P>
  /** Counts a request of a known caller. @throws GatehouseError `too_many_requests` */
  readonly count: (caller: Pick<Principal, 'kind' | 'uid'> & Partial<Pick<Principal, 'orgUid'>>) => void
  readonly authorize: (principal: Principal, action: string, resource: Resource) => Promise<Decision>
}

/** The permissions a route can name. */
export interface Permissions<P> {
  /** Anyone, signed in or not; the answer holds nothing of any org. */
  readonly public: Permission<undefined>
  /** A signed-in person, whatever the org; the answer is about that person only. */
  readonly person: Permission<P>
  /** Any principal; the answer is filtered by what it may see. */
  readonly principal: Permission<Principal>
  /** A principal who may do `action` on the resource that `load` finds in the principal's own org. `load` may note what is asked for. */
  can(
    action: string,
    load: (principal: Principal, input: RouteInput, trail: Trail) => Promise<Resource>,
  ): Permission<Principal>
}

/** Creates the permissions of one service. */
export function createPermissions<P extends Person>(deps: PermissionDeps<P>): Permissions<P> {
  const authenticate = async (request: IncomingMessage, trail: Trail): Promise<Principal> => {
    const principal = await deps.authenticate(request.rawHeaders, trail.address)
    const { orgUid, ...actor } = principal
    trail.actor = actor
    trail.orgUid = orgUid
    deps.count(principal)
    return principal
  }
  const recognise = async (request: IncomingMessage, trail: Trail): Promise<P> => {
    const person = await deps.recognise(request.rawHeaders)
    const { user, identity, credential } = person
    trail.actor = { kind: 'user', uid: user.uid, name: user.name, teams: [], identity, credential }
    deps.count({ kind: 'user', uid: user.uid })
    return person
  }
  return {
    public: { name: 'public', admit: () => Promise.resolve(undefined) },
    person: { name: 'person', admit: (request, _input, trail) => recognise(request, trail) },
    principal: { name: 'principal', admit: (request, _input, trail) => authenticate(request, trail) },
    can: (action, load) => ({
      name: action,
      async admit(request, input, trail) {
        const principal = await authenticate(request, trail)
        const resource = await load(principal, input, trail)
        trail.resource = resource
        const decision = await deps.authorize(principal, action, resource)
        trail.decision = decision
        if (!decision.allowed) throw new GatehouseError('forbidden', decision.reason)
        return principal
      },
    }),
  }
}
