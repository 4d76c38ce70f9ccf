// Regenerates every derived file, or with --check compares and fails on a difference.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { goldenFiles } from './golden/files.ts'

const root = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

let stale = 0
for (const { path, generate } of goldenFiles) {
  if (wanted.length > 0 && !wanted.includes(path)) continue
  const file = join(root, path)
  const text = await generate()
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  if (check) {
    stale += 1
    console.error(`${path} is not what the code generates; run "npm run golden" and look at the difference`)
  } else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
}
process.exitCode = stale === 0 ? 0 : 1
