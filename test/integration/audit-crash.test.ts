import { expect, it } from 'vitest'
import { runCrashes } from '../crash/crash-run.ts'

// The same with 1,000 kills and minutes without Postgres: npm run crash
it('gateways killed at random under load, and Postgres too, lose and double no event', async () => {
  const report = await runCrashes({ kills: 40, gateways: 2, outageSeconds: 5, level: 'write' })
  expect(report).toMatchObject({ lost: [], duplicated: [], findings: [] })
  expect(report.answered).toBeGreaterThan(200)
  expect(Object.keys(report.byStatus)).toEqual(expect.arrayContaining(['200', '400', '401', '403', '404']))
}, 300_000)
