import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryDir } from '../index.ts'
import { writeConfigFile } from './config-file.ts'
import { startNoticeBox } from './notices.ts'

describe('the data owners of the demo', () => {
  it('are configured, and what they are told is kept', async () => {
    const dir = temporaryDir()
    const file = join(dir.path, 'notices.jsonl')
    const box = await startNoticeBox(file)
    try {
      const configFile = join(dir.path, 'config.yaml')
      writeConfigFile(configFile, {
        adminUrl: 'postgres://postgres@127.0.0.1/gatehouse',
        appUrl: 'postgres://gatehouse@127.0.0.1/gatehouse',
        gatewayPort: 9080,
        controlPort: 9081,
        issuer: 'http://127.0.0.1:9082',
        clientId: 'gatehouse',
        clientSecret: 'secret',
        auditKeyFile: 'audit-key.pem',
        checkpointsFile: 'checkpoints.jsonl',
        notices: { orgs: ['transport'], url: box.url, secret: 'shared' },
      })
      const { notifications } = parse(readFileSync(configFile, 'utf8'))
      expect(notifications.dataOwners).toEqual([
        expect.objectContaining({ org: 'transport', webhook: expect.objectContaining({ url: box.url }) }),
      ])
      for (const n of [1, 2]) {
        const { status } = await fetch(box.url, { method: 'POST', body: `{\n"notice": ${n}}` })
        expect(status).toBe(204)
      }
      expect(readFileSync(file, 'utf8').split('\n')).toEqual(['{ "notice": 1}', '{ "notice": 2}', ''])
      expect(statSync(file).mode & 0o777).toBe(0o600)
    } finally {
      await box.stop()
      dir.remove()
    }
  })
})
