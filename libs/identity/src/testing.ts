import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IssuerConfig } from '@gatehouse/config'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

/** An issuer on loopback for tests: discovery, keys, and a signer that can be told to misbehave. */
export interface TestIssuer {
  readonly config: IssuerConfig
  /** Requests so far, by path. */
  readonly requests: Map<string, number>
  /** Replaces the answer of a path. */
  readonly answers: Map<string, (request: IncomingMessage, response: ServerResponse) => void>
  /** Published keys; change them to rotate. */
  readonly keys: JWK[]
  sign(claims?: JWTPayload, header?: { typ?: string; kid?: string }): Promise<string>
  rotate(kid: string): Promise<void>
  close(): Promise<void>
}

export async function startTestIssuer(overrides: Partial<IssuerConfig> = {}): Promise<TestIssuer> {
  const requests: TestIssuer['requests'] = new Map()
  const answers: TestIssuer['answers'] = new Map()
  const keys: JWK[] = []
  let signer = await generateKeyPair('RS256')
  let currentKid = 'k1'
  const publish = async (): Promise<void> => {
    keys.splice(0, keys.length, {
      ...(await exportJWK(signer.publicKey)),
      kid: currentKid,
      alg: 'RS256',
      use: 'sig',
    })
  }
  await publish()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.set(path, (requests.get(path) ?? 0) + 1)
    const answer = answers.get(path)
    if (answer !== undefined) return answer(request, response)
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
      },
      '/jwks': { keys },
    }
    response.setHeader('content-type', 'application/json')
    response.statusCode = path in documents ? 200 : 404
    response.end(JSON.stringify(documents[path] ?? {}))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config: IssuerConfig = {
    name: 'test',
    issuer: url,
    clientId: 'gatehouse',
    scopes: ['openid'],
    groupsClaim: 'groups',
    attributes: [],
    subjectClaim: 'sub',
    audience: 'gatehouse',
    idTokenAudiences: [],
    algorithms: ['RS256'],
    endpointOrigins: [],
    recheckEvery: 600_000,
    recheckWithin: 3_600_000,
    ...overrides,
  }
  return {
    config,
    requests,
    answers,
    keys,
    sign: (claims = {}, header = {}) => {
      const base = {
        iss: url,
        aud: 'gatehouse',
        sub: 'alice',
        exp: Math.floor(Date.now() / 1_000) + 60,
        groups: ['ml'],
      }
      const payload = Object.fromEntries(
        Object.entries({ ...base, ...claims }).filter(([, v]) => v !== undefined),
      )
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: currentKid, typ: 'at+jwt', ...header })
        .sign(signer.privateKey)
    },
    rotate: async (kid) => {
      signer = await generateKeyPair('RS256')
      currentKid = kid
      await publish()
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
