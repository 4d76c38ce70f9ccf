import { shippedRoles } from '@gatehouse/authz'
import {
  type ControlAnswer,
  type ControlWorld,
  type ControlWorldOptions,
  startControlWorld,
} from './control-world.ts'

/** Every role of this release: the service accounts of {@link startAccessApiWorld}, by their uid. */
export const accessRoles: readonly string[] = shippedRoles.map(({ name }) => name)

const org = (uid: string): string => `
  - uid: ${uid}
    name: Agency ${uid}
    tenants: [${uid}]
    teams: [{ uid: crew, name: Crew, idpGroups: [${uid}-crew] }, { uid: spare, name: Spare, members: [{ issuer: 'https://idp.example.org', subject: ${uid}-spare }] }]
    folders: [{ uid: ops, title: Ops }]
    serviceAccounts:${accessRoles.map((role) => `\n      - { uid: ${role}, name: ${role} }`).join('')}
      - { uid: robot, name: Robot, team: spare }
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [${uid}], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }
    roles: [{ name: reader, version: 1, permissions: ['datasources:read'] }]
    guardrails: [{ uid: rail, selector: '{secret="yes"}', reason: Secret }]
    grants:${accessRoles.map((role) => `\n      - { serviceAccount: ${role}, role: ${role} }`).join('')}
      - { uid: g-admin, user: { issuer: 'https://idp.example.org', subject: ${uid}-admin }, role: org-admin }
      - { uid: g-robot, serviceAccount: robot, role: viewer }`

const platform = `
  - uid: platform
    name: Platform
    platform: true
    serviceAccounts: [{ uid: operator, name: Operator }, { uid: viewer, name: Viewer }]
    grants: [{ serviceAccount: operator, role: operator }, { serviceAccount: viewer, role: viewer }]`

/** Two agencies with a service account for every role, and the platform. */
export interface AccessApiWorld extends ControlWorld {
  /** Calls `/api/v1<path>` as `health/viewer`; below another `base` if given. */
  as(who: string, method: string, path: string, options?: As, base?: string): Promise<ControlAnswer>
}

export interface As {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export async function startAccessApiWorld(
  options: Pick<ControlWorldOptions, 'issuers' | 'notifications' | 'control'> = {},
): Promise<AccessApiWorld> {
  const world = await startControlWorld({
    access: `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org('transport')}${platform}\n`,
    ...options,
    control: { trustProxy: ['loopback'], ...options.control },
  })
  const tokens = new Map<string, string>()
  let calls = 0
  const tokenOf = async (who: string): Promise<string> => {
    const [orgUid = '', account = ''] = who.split('/')
    const token = tokens.get(who) ?? (await world.token(orgUid, account))
    tokens.set(who, token)
    return token
  }
  return {
    ...world,
    async as(who, method, path, { headers, ...sent } = {}, base = '/api/v1') {
      // Each call from an address of its own: limits by address are not what these tests are about.
      calls += 1
      const from = { 'x-forwarded-for': `10.${calls >> 16}.${(calls >> 8) & 255}.${calls & 255}` }
      const token = await tokenOf(who)
      return world.call(method, `${base}${path}`, { token, ...sent, headers: { ...from, ...headers } })
    },
  }
}
