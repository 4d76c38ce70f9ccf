#!/usr/bin/env node
// Plain JavaScript on purpose: an older system Node must be able to read it and hand over to the locked one.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 24 || (major === 24 && minor >= 12)) {
  await import(main)
} else {
  const locked = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url))
  if (!existsSync(locked)) {
    console.error(
      `gatehouse needs Node >= 24.12 (this is ${process.version}); run "npm ci" in the clone first`,
    )
    process.exit(2)
  }
  const result = spawnSync(locked, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (result.signal) process.kill(process.pid, result.signal)
  process.exit(result.status ?? 1)
}
