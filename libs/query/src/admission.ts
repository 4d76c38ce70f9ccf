import type { Conjunction } from './model.ts'
import { type Match, matchOf } from './partition/match.ts'

/** Labels as JSON has them; a missing one is the empty value. */
export type Labelled = Readonly<Record<string, string>>

/**
 * Makes the test whether a label set satisfies any of the alternatives. A regex that cannot be evaluated here admits nothing: what is
 * filtered by this is shown only if it is sure to be admitted.
 */
export function createAdmission(alternatives: readonly Conjunction[]): (labels: Labelled) => boolean {
  const tests = alternatives.map((matchers) =>
    matchers.map((matcher): readonly [string, Match] => [matcher.name, matchOf(matcher) ?? (() => false)]),
  )
  return (labels) =>
    tests.some((all) =>
      // `hasOwn`: a label may be called `constructor`.
      all.every(([name, admits]) => admits(Object.hasOwn(labels, name) ? (labels[name] ?? '') : '')),
    )
}
