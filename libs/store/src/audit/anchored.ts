import { type Checkpoint, checkpointSchema } from '@gatehouse/audit'

/** Whether a line was cut short while it was written, and then written again whole. */
function isCutCopy(line: string, next: string | undefined): boolean {
  return next !== undefined && line.length < next.length && next.startsWith(line)
}

/**
 * Reads anchored checkpoints, one JSON object a line, as the file anchor writes them. Lines that were cut while they were written are
 * left out: the last one, and others that follow once more whole.
 * @throws Error for any other line that is no checkpoint
 */
export function parseAnchored(text: string): Checkpoint[] {
  const lines = text.split('\n')
  lines.pop()
  return lines.flatMap((line, index) => {
    if (isCutCopy(line, lines[index + 1])) return []
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      value = undefined
    }
    const parsed = checkpointSchema.safeParse(value)
    if (!parsed.success) throw new Error(`line ${index + 1} of the anchored copies is no checkpoint`)
    return [parsed.data]
  })
}
