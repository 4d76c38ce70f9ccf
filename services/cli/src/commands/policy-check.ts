import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runScenario } from '@gatehouse/authz'
import { Command } from 'commander'
import { InvalidFile, readAccessFiles, readScenario } from './access-files.ts'

/** Runs `work`; a file's faults are printed and make exit code 1, as what the command was to find. */
function reporting(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

function check(files: readonly string[]): void {
  reporting(() => {
    const { orgs } = readAccessFiles(files)
    const grants = orgs.reduce((sum, org) => sum + org.grants.length, 0)
    console.log(`valid: ${orgs.length} orgs, ${grants} grants`)
  })
}

function yamlFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(path, name))
}

function runFile(file: string): { total: number; failed: number } {
  const scenario = readScenario(file)
  const results = runScenario(scenario)
  const failed = results.filter(({ differences }) => differences.length > 0)
  for (const { expectation, differences } of failed) {
    const { who, action, on } = expectation
    console.log(`${file}: ${JSON.stringify(who)} ${action} on ${on.kind} ${on.uid}`)
    for (const difference of differences) console.log(`    ${difference}`)
  }
  return { total: results.length, failed: failed.length }
}

function test(paths: readonly string[]): void {
  reporting(() => {
    const results = paths.flatMap(yamlFiles).map(runFile)
    const sum = (pick: (result: { total: number; failed: number }) => number): number =>
      results.reduce((n, result) => n + pick(result), 0)
    const failed = sum((result) => result.failed)
    console.log(
      `${results.length} scenarios, ${sum((result) => result.total)} expectations, ${failed} failed`,
    )
    if (failed > 0) process.exitCode = 1
  })
}

/** `gatehouse policy check`: whether access files are valid. */
export function checkCommand(): Command {
  return new Command('check')
    .description('whether access files are valid; needs no database')
    .argument('<files...>', 'access files (YAML)')
    .action(check)
}

/** `gatehouse policy test`: runs scenarios on the decision functions alone. */
export function testCommand(): Command {
  return new Command('test')
    .description('run scenarios (given this access, expect these answers); needs no database')
    .argument('<paths...>', 'scenarios (YAML) or folders of them')
    .action(test)
}
