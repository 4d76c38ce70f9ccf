// Runs a benchmark: `npm run bench -- <name> [options]`. Figures are ratios within one run; absolute ones depend on the machine.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../bench')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
const [name = '', ...options] = process.argv.slice(2)
if (names.includes(name)) {
  process.exitCode =
    spawnSync(process.execPath, [join(folder, `${name}.ts`), ...options], { stdio: 'inherit' }).status ?? 1
} else {
  console.log(`usage: npm run bench -- <name> [options]\n\nnames: ${names.join(', ')}`)
  process.exitCode = name === '' || name === '--help' ? 0 : 2
}
