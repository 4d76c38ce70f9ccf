import { readFileSync } from 'node:fs'

/** The last line of a child's log that says something, for a one-sentence error. */
export function lastLogLine(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const telling = lines.findLast((line) => /fatal|error|cannot|refus|already in use/i.test(line))
  return (telling ?? lines.at(-1) ?? '').trim() || 'it said nothing'
}
