import { readFileSync } from 'node:fs'

/** The line of a server's log that tells why it ended: its first complaint, or else its last line. */
export function tellingLine(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const complaint = lines.find((line) =>
    /\b(fatal|level=error|in use|could not|cannot|not found)\b/i.test(line),
  )
  return (complaint ?? lines.at(-1) ?? '').trim() || 'it said nothing'
}
