import type { GatehouseError } from '@gatehouse/errors'

/** How a protocol other than plain JSON is spoken over HTTP. */
export interface Format {
  /** Media types of request bodies. */
  readonly accepts: readonly string[]
  /** Media type of every answer. */
  readonly type: string
  /** The body of an error. */
  readonly renderError: (error: GatehouseError) => unknown
}

/** Plain JSON; its errors are problem details, see `sendProblem`. */
export const plainJson: Pick<Format, 'accepts' | 'type'> = {
  accepts: ['application/json'],
  type: 'application/json',
}
