import { type Expr, print } from '@gatehouse/promql'
import type { Beyond } from './model.ts'

/** Control flow, not an error: something only a server that has all the data can compute. */
export class BeyondShards extends Error {
  readonly beyond: Beyond

  constructor(expr: Expr, because: string, advice?: string) {
    super(because)
    this.name = 'BeyondShards'
    this.beyond = { text: print(expr), because, ...(advice === undefined ? {} : { advice }) }
  }
}
