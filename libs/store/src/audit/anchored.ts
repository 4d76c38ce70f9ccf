import { type Checkpoint, checkpointSchema } from '@gatehouse/audit'

/**
 * Reads anchored checkpoints, one JSON object a line, as the file anchor writes them. A last line that was cut is left out.
 * @throws Error for a line that is no checkpoint
 */
export function parseAnchored(text: string): Checkpoint[] {
  const lines = text.split('\n')
  lines.pop()
  return lines.map((line) => checkpointSchema.parse(JSON.parse(line)))
}
