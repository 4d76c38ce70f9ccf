import { randomUUID } from 'node:crypto'
import { systemEvent } from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import { createChangeRecorder, findOrg, releaseToApi, withOrg } from '@gatehouse/store'
import { Command } from 'commander'
import { configFileHelp } from '../config-file.ts'
import { withDatabase } from '../database.ts'

interface ReleaseOptions {
  readonly 'config.file'?: string
}

async function release(orgUid: string, options: ReleaseOptions): Promise<void> {
  const record = createChangeRecorder()
  await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, orgUid, async (tx) => {
      const org = await findOrg(tx)
      if (org?.managed === 'api')
        throw new GatehouseError('conflict', `the access of ${orgUid} is managed through the API already`)
      await releaseToApi(tx)
      const event = systemEvent({
        code: 'A014I',
        action: 'policies:release',
        process: 'gatehouse policy release',
        detail: { managed: { before: 'files', after: 'api' } },
        now: Date.now(),
        uuid: randomUUID(),
      })
      await record(tx, { ...event, orgUid, resource: { kind: 'orgs', uid: orgUid } })
    }),
  )
  console.log(`the access of ${orgUid} is managed through the API and console from now on`)
}

/** `gatehouse policy release`: the way back from files. */
export function releaseCommand(): Command {
  return new Command('release')
    .argument('<org>', 'uid of an org whose access is declared in files')
    .option('--config.file <path>', configFileHelp)
    .description('hand an org’s access from files to the API: all stays as it is, files are refused then')
    .action(release)
}
