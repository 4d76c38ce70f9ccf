// Runs every check and every test; prints `N passed, N failed, N skipped` as its last line.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const report = 'artefacts/vitest.json'
const checks: readonly (readonly [name: string, command: string])[] = [
  ['tools', 'sh scripts/setup-tools.sh'],
  ['format', 'biome format .'],
  ['typecheck', 'npm run typecheck --silent'],
  ['console', 'sh scripts/build-console.sh'],
  ['lint', 'oxlint --type-aware --max-warnings 0 .'],
  ['golden files', 'node scripts/golden.ts --check'],
  [
    'every branch of enforcement is tested',
    'vitest run --project unit --coverage --reporter dot libs/query/src/enforce.test.ts',
  ],
]

function run(command: string): boolean {
  return spawnSync(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

function readVitest(): Counts {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const json = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>
  return {
    passed: json['numPassedTests'] ?? 0,
    failed: (json['numFailedTests'] ?? 0) + (json['numTotalTests'] === 0 ? 1 : 0),
    skipped: (json['numPendingTests'] ?? 0) + (json['numTodoTests'] ?? 0),
  }
}

mkdirSync('artefacts', { recursive: true })
rmSync(report, { force: true })
const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const [name, command] of checks) {
  console.log(`\n== ${name}`)
  const started = performance.now()
  const ok = run(command)
  total[ok ? 'passed' : 'failed'] += 1
  console.log(`== ${name}: ${ok ? 'ok' : 'FAILED'} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}
console.log('\n== tests')
const passed = run(`vitest run ${process.argv.slice(2).join(' ')}`)
const counts = readVitest()
total.passed += counts.passed
total.skipped += counts.skipped
// A run that fails outside any test (a hook, a coverage threshold, an unhandled rejection) still counts as a failure.
total.failed += passed ? counts.failed : Math.max(1, counts.failed)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
