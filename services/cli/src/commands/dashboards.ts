import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CapabilityCheck,
  checkCapability,
  readDashboard,
  seededRandom,
  type Subject,
} from '@gatehouse/authz'
import { Command, InvalidArgumentError } from 'commander'
import { configFileHelp } from '../config-file.ts'
import { importDashboards, type ImportOptions } from './dashboards-import.ts'

interface CheckOptions {
  readonly rounds: number
  readonly seed: number
}

interface Row {
  readonly file: string
  readonly check: CapabilityCheck
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number')
  return Number(text)
}

function jsonFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => join(path, name))
}

function checkFile(file: string, { rounds, seed }: CheckOptions): Row {
  const dashboard = readDashboard(JSON.parse(readFileSync(file, 'utf8')))
  return { file, check: checkCapability(dashboard, { random: seededRandom(seed), rounds }) }
}

function printTable(rows: readonly Row[]): void {
  const sum = (pick: (check: CapabilityCheck) => number): number =>
    rows.reduce((n, { check }) => n + pick(check), 0)
  console.log(
    '| dashboard | queries | compiled | sent with values | no PromQL | not admitted | near misses | admitted |',
  )
  console.log('|---|---|---|---|---|---|---|---|')
  const line = (name: string, cells: readonly number[]): void =>
    console.log(`| ${[name, ...cells].join(' | ')} |`)
  for (const { file, check: c } of rows) {
    line(file.split('/').at(-1) ?? file, [
      c.queries,
      c.compiled,
      c.sent,
      c.invalid,
      c.notAdmitted.length,
      c.missesTried,
      c.missesAdmitted.length,
    ])
  }
  line('all', [
    sum((c) => c.queries),
    sum((c) => c.compiled),
    sum((c) => c.sent),
    sum((c) => c.invalid),
    sum((c) => c.notAdmitted.length),
    sum((c) => c.missesTried),
    sum((c) => c.missesAdmitted.length),
  ])
}

function check(path: string, options: CheckOptions): void {
  const rows = jsonFiles(path).map((file) => checkFile(file, options))
  printTable(rows)
  for (const { file, check: c } of rows) {
    for (const { query, reason } of c.refused)
      console.log(`${file}: ${query.where}: ${reason}\n    ${query.text}`)
    for (const text of c.notAdmitted.slice(0, 3)) console.log(`${file}: not admitted: ${text}`)
    for (const text of c.missesAdmitted.slice(0, 3)) console.log(`${file}: admitted a near miss: ${text}`)
  }
  if (rows.some(({ check: c }) => c.notAdmitted.length + c.missesAdmitted.length > 0)) process.exitCode = 1
}

function subject(text: string): Subject {
  const [, kind, uid] = /^(user|team|service-account):(.+)$/.exec(text) ?? []
  if (uid === undefined) throw new InvalidArgumentError('team:…, service-account:… or user:…')
  return { kind: kind === 'team' || kind === 'service-account' ? kind : 'user', uid }
}

function importCommand(): Command {
  return new Command('import')
    .description('bring Grafana dashboards (JSON) into an org; unchanged ones are left as they are')
    .argument('<path>', 'a dashboard (JSON) or a folder of them')
    .requiredOption('--org <uid>', 'org')
    .option('--folder <uid>', 'folder; default: the top level')
    .option('--approve <uids>', 'let viewers run their queries on these data sources (comma-separated)')
    .option('--as <subject>', 'who stands for the queries, such as team:owners; with --approve', subject)
    .option('--config.file <path>', configFileHelp)
    .action(async (path: string, options: ImportOptions) => {
      if ((options.approve === undefined) !== (options.as === undefined))
        throw new Error('--approve and --as go together')
      await importDashboards(jsonFiles(path), options)
    })
}

/** `gatehouse dashboards`: what a dashboard permits as a capability. */
export function dashboardsCommand(): Command {
  const dashboards = new Command('dashboards').description('dashboards as capabilities')
  dashboards
    .command('check')
    .description('compile Grafana dashboards to capabilities; try each with values and with near misses')
    .argument('<path>', 'a dashboard (JSON) or a folder of them')
    .option('--rounds <n>', 'sets of values to try for each query', wholeNumber, 20)
    .option('--seed <n>', 'seed of the random values', wholeNumber, 1)
    .action(check)
  dashboards.addCommand(importCommand())
  return dashboards
}
