import { GatehouseError } from '@gatehouse/errors'

const closingBrace = 0x7d

/** The refusal of an answer that does not come to its end. */
export function brokenOff(detail?: string): GatehouseError {
  const message = 'the answer of an upstream broke off'
  return new GatehouseError('bad_gateway', message, detail === undefined ? {} : { detail })
}

/** Whether a body's last piece ends as a JSON object does, white space aside. */
export function endsLikeJson(piece: Buffer): boolean {
  let last = piece.length - 1
  while (last > 0 && (piece[last] ?? 0) <= 0x20) last -= 1
  return piece[last] === closingBrace
}
