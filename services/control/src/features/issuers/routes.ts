import { nothing, type Permissions, type Person, type Route, route } from '@gatehouse/http'
import type { Issuer } from '@gatehouse/identity'
import { z } from 'zod'
import { loginPath } from '../../login/routes.ts'

const responseSchema = z.strictObject({
  issuers: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      signInPath: z.string(),
      /** False while the identity provider cannot be reached. */
      isAvailable: z.boolean(),
    }),
  ),
})

async function describeIssuer(issuer: Issuer): Promise<z.output<typeof responseSchema>['issuers'][number]> {
  const { name, title } = issuer.config
  const isAvailable = await issuer.discover().then(
    () => true,
    () => false,
  )
  return { name, title: title ?? name, signInPath: loginPath(name), isAvailable }
}

/** What the sign-in page shows. */
export function issuerRoutes(issuers: readonly Issuer[], permissions: Permissions<Person>): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/issuers',
      summary: 'Identity providers to sign in with',
      action: 'issuers:read',
      permission: permissions.public,
      params: nothing,
      query: nothing,
      body: nothing,
      response: responseSchema,
      handler: async () => ({ issuers: await Promise.all(issuers.map(describeIssuer)) }),
    }),
  ]
}
