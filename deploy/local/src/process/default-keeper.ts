import { fileURLToPath } from 'node:url'
import { createKeeper, type Keeper } from './keeper.ts'

let keeper: Keeper | undefined

/**
 * The keeper of launchers that are given none (tests). All runs in this clone share its records, so that
 * `clearStrays` finds what a killed run left.
 */
export function defaultKeeper(): Keeper {
  keeper ??= createKeeper(fileURLToPath(new URL('../../../../.gatehouse/test-run', import.meta.url)))
  return keeper
}
