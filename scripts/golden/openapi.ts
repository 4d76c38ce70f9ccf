import { startControlWorld } from '../../test/support/control-world.ts'
import { startTestPostgres, prepareTemplate, testPostgresVariable } from '../../test/support/postgres.ts'

const access = `apiVersion: gatehouse/v1
kind: Access
orgs: [{ uid: any, name: Any }]
`

/** `docs/openapi.json`: what a running control plane serves at `/api/v1/openapi.json`. */
export async function openApiDocument(): Promise<string> {
  const postgres = await startTestPostgres()
  try {
    await prepareTemplate(postgres.url)
    process.env[testPostgresVariable] = postgres.url
    const world = await startControlWorld({ access })
    try {
      const answer = await world.call('get', '/api/v1/openapi.json')
      return `${JSON.stringify(answer.json, undefined, 2)}\n`
    } finally {
      await world.close()
    }
  } finally {
    await postgres.stop()
  }
}
