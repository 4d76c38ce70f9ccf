import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { systemEvent } from '@gatehouse/audit'
import { parseAccessDocument } from '@gatehouse/authz'
import {
  beginRehearsal,
  createChangeRecorder,
  endRehearsal,
  enterOrg,
  hashDocument,
  type Period,
  type Pool,
  type Progress,
  rehearseAccess,
  type RehearsalReport,
  reportOf,
  withTransaction,
} from '@gatehouse/store'
import { Command, InvalidArgumentError } from 'commander'
import { parse } from 'yaml'
import { configFileHelp } from '../config-file.ts'
import { withDatabase } from '../database.ts'

interface RehearseOptions {
  readonly 'config.file'?: string
  /** ms. */
  readonly since: number
  readonly output: 'text' | 'json'
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 }

function duration(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,4})([hdw])$/.exec(text) ?? []
  if (digits === undefined) throw new InvalidArgumentError('such as 24h, 7d or 4w')
  return Number(digits) * (unitMs[unit] ?? 0)
}

type Line = RehearsalReport['lines'][number]

function purposeOf({ dashboard, alert, via }: Line): string {
  if (alert !== null) return ` for alert ${alert}`
  if (via !== null) return ` through dashboard ${via}`
  return dashboard === null ? '' : ` for dashboard ${dashboard}`
}

function seriesOf(selectors: readonly string[]): string {
  return selectors.length === 0 ? 'nothing' : selectors.join(' or ')
}

function printLine(line: Line): void {
  const { who, effect, action, dataSource, allowed, denied, before, after, reason, query } = line
  const why = reason === null ? '' : ` (${reason})`
  console.log(
    `  ${effect}: ${who.name} [${who.kind} ${who.uid}] ${action} on ${dataSource}${purposeOf(line)}, ` +
      `${allowed} allowed and ${denied} denied requests${why}`,
  )
  console.log(`      ${seriesOf(before)} → ${seriesOf(after)}`)
  if (typeof query === 'string') console.log(`      asked: ${query}`)
}

function printReport({
  orgUid,
  requests,
  unchanged,
  counts,
  unjudged,
  cautions,
  lines,
  omitted,
}: RehearsalReport): void {
  console.log(`${orgUid}: ${requests} requests, ${unchanged} unchanged`)
  for (const [effect, count] of Object.entries(counts))
    if (count.lines > 0) console.log(`  ${effect}: ${count.requests} requests in ${count.lines} lines`)
  for (const line of lines) printLine(line)
  if (omitted > 0) console.log(`  and ${omitted} more lines`)
  if (unjudged.requests > 0)
    console.log(
      `  cannot be judged: ${unjudged.requests} requests in ${unjudged.lines.length + unjudged.omitted} lines`,
    )
  for (const { who, dataSource, requests: count, teams, ifIn, ifNot } of unjudged.lines)
    console.log(
      `  cannot be judged: ${who.name} [${who.kind} ${who.uid}] on ${dataSource}, ${count} requests: ${ifIn} if in ${teams.join(', ')}, ${ifNot} if not`,
    )
  for (const caution of cautions) console.log(`  note: ${caution}`)
}

interface Rehearsed extends Period {
  readonly uid: string
  readonly documentSha256: string
  readonly durationMs: number
}

/** Keeps the report, to be attached to the change. Whoever rehearses learns what people asked: that is an event of their org. */
async function keepReport(pool: Pool, report: RehearsalReport, rehearsed: Rehearsed): Promise<void> {
  const { orgUid, requests, counts, unjudged } = report
  const { uid, documentSha256, durationMs } = rehearsed
  const event = systemEvent({
    code: 'A022I',
    action: 'rehearsals:create',
    process: 'gatehouse policy rehearse',
    detail: { state: 'done', documentSha256, requests, counts, unjudged: unjudged.requests },
    now: Date.now(),
    uuid: randomUUID(),
  })
  const record = createChangeRecorder()
  await withTransaction(pool, async (tx) => {
    const entered = await enterOrg(tx, orgUid)
    await beginRehearsal(entered, { ...rehearsed, createdBy: 'gatehouse' })
    await endRehearsal(entered, uid, { report })
    const resource = { kind: 'rehearsals', uid }
    await record(entered, { ...event, orgUid, resource, outcome: { ...event.outcome, durationMs } })
  })
}

/** Shows on a terminal how far it is. */
function showProgress({ progress, requests }: Progress): Promise<void> {
  if (process.stderr.isTTY)
    process.stderr.write(
      `\r${Math.round(progress * 100)} %, ${requests} requests${progress === 1 ? '\n' : ''}`,
    )
  return Promise.resolve()
}

async function run(file: string, options: RehearseOptions): Promise<void> {
  const document = parseAccessDocument(parse(readFileSync(file, 'utf8')))
  const [uid, documentSha256] = [randomUUID(), hashDocument(document)]
  await withDatabase(options['config.file'], async (pool) => {
    const started = performance.now()
    const now = Date.now()
    const period = { since: now - options.since, until: now }
    const rehearsed = await rehearseAccess(pool, document, { ...period, now }, showProgress)
    const durationMs = Math.round(performance.now() - started)
    const reports = rehearsed.map(({ orgUid, rehearsal }) => reportOf(orgUid, rehearsal))
    for (const report of reports)
      await keepReport(pool, report, { uid, documentSha256, ...period, durationMs })
    const kept = { uid, documentSha256, durationMs }
    if (options.output === 'json') console.log(JSON.stringify({ ...kept, orgs: reports }, undefined, 2))
    else {
      for (const report of reports) printReport(report)
      console.log(`rehearsed in ${(durationMs / 1000).toFixed(1)} s; kept as ${uid}`)
    }
    if (reports.some(({ counts }) => counts['newly-denied'].lines > 0)) process.exitCode = 1
  })
}

/** `gatehouse policy rehearse`: tries an access file on the audited requests of the past; exit code 1 if any would now be denied. */
export function rehearseCommand(): Command {
  return new Command('rehearse')
    .description('what an access file would have done to the requests of the past; 1 if any would be denied')
    .argument('<file>', 'proposed access file (YAML)')
    .option('--since <duration>', 'how far back, such as 24h, 7d or 4w', duration, 604_800_000)
    .option('-o, --output <format>', 'text or json', 'text')
    .option('--config.file <path>', configFileHelp)
    .action(run)
}
