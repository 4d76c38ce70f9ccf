import { csvHeader, csvRow, type Finding } from '@gatehouse/audit'
import { type FoundEvent, sinkLine } from '@gatehouse/store'
import { Option } from 'commander'

/** How events are printed. */
export type Output = 'text' | 'ndjson' | 'csv'

/** The option that says how. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print them')
    .choices(['text', 'ndjson', 'csv'])
    .default('text')
}

function line({ event, identity }: FoundEvent): string {
  const { outcome, request, resource } = event
  const what = request.query ?? request.matches?.join(' ') ?? request.route
  const enforced = event.enforced.length === 0 ? '' : ` → ${event.enforced.join(' | ')}`
  const why = event.decision.reason === undefined ? '' : ` (${event.decision.reason})`
  const who = identity?.name ?? event.actor?.ref ?? '-'
  return (
    `${event.at} ${event.code} ${event.orgUid ?? '-'} ${who} ${event.action} ${resource?.uid ?? '-'} ` +
    `${outcome.result} ${outcome.httpStatus}${why} ${outcome.durationMs.toFixed(1)}ms ${what}${enforced}`
  )
}

/** Prints one event. */
export function printEvent(found: FoundEvent, output: Output): void {
  if (output === 'text') console.log(line(found))
  else process.stdout.write(output === 'csv' ? csvRow(found) : `${sinkLine(found)}\n`)
}

/** Prints what stands above the events. */
export function printHeader(output: Output): void {
  if (output === 'csv') process.stdout.write(csvHeader)
}

/** Prints what a verification found, one fault a line. */
export function printFindings(findings: readonly Finding[]): void {
  for (const { fault, message, writer, org, seq, id } of findings) {
    const where =
      writer === undefined
        ? ''
        : ` [writer ${writer}, org ${org ?? '-'}${seq === undefined ? '' : `, event ${seq}`}${id === undefined ? '' : `, id ${id}`}]`
    console.log(`${fault}: ${message}${where}`)
  }
}
