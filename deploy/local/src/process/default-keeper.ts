import { fileURLToPath } from 'node:url'
import { createKeeper, type Keeper } from './keeper.ts'

let keeper: Keeper | undefined

/**
 * The keeper of launchers that are given none (tests). All runs in this clone share its records, so the
 * first call of a run ends what a killed run left.
 */
export function defaultKeeper(): Keeper {
  if (keeper === undefined) {
    keeper = createKeeper(fileURLToPath(new URL('../../../../.gatehouse/test-run', import.meta.url)))
    // Best effort: a stray that will not go is no reason not to test.
    keeper.clearStrays().catch(() => undefined)
  }
  return keeper
}
