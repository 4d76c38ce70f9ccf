import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runScenario } from '@gatehouse/authz'
import { Command } from 'commander'
import { askScenario, type Asking, readTokens } from './ask-control.ts'
import { InvalidFile, readAccessFiles, readScenario } from './access-files.ts'

/** Runs `work`; a file's faults are printed and make exit code 1, as what the command was to find. */
async function reporting(work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

async function check(files: readonly string[]): Promise<void> {
  await reporting(() => {
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

interface TestOptions {
  readonly url?: string
  readonly tokenFile: readonly string[]
}

async function runFile(file: string, asking: Asking | undefined): Promise<{ total: number; failed: number }> {
  const scenario = readScenario(file)
  const results = asking === undefined ? runScenario(scenario) : await askScenario(scenario, asking)
  const failed = results.filter(({ differences }) => differences.length > 0)
  for (const { expectation, differences } of failed) {
    const { who, action, on } = expectation
    console.log(`${file}: ${JSON.stringify(who)} ${action} on ${on.kind} ${on.uid}`)
    for (const difference of differences) console.log(`    ${difference}`)
  }
  if (asking !== undefined && results.length < scenario.expect.length)
    console.log(`${file}: ${scenario.expect.length - results.length} expectations cannot be asked`)
  return { total: results.length, failed: failed.length }
}

async function test(paths: readonly string[], { url, tokenFile }: TestOptions): Promise<void> {
  const asking = url === undefined ? undefined : { url, tokens: readTokens(tokenFile) }
  await reporting(async () => {
    const results: Awaited<ReturnType<typeof runFile>>[] = []
    for (const file of paths.flatMap(yamlFiles)) results.push(await runFile(file, asking))
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

/** `gatehouse policy test`: runs scenarios on the decision functions alone, or asks a running control plane. */
export function testCommand(): Command {
  return new Command('test')
    .description('run scenarios (given this access, expect these answers); needs no database')
    .argument('<paths...>', 'scenarios (YAML) or folders of them')
    .option('--url <url>', 'ask this control plane, whose access is the scenario’s, instead of the functions')
    .option(
      '--token-file <org=file>',
      'with --url: whose token asks in an org; needs access:explain there; may be given again',
      (entry: string, all: readonly string[]): readonly string[] => [...all, entry],
      [],
    )
    .action(test)
}
