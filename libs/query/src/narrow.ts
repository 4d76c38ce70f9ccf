import type { Conjunction } from './model.ts'
import { and, isContradiction } from './partition/conjunction.ts'
import { literalMatcher } from './partition/literal.ts'

/** Alternatives within some values of a label; those that admit none of them are left out. */
export function narrowTo(
  alternatives: readonly Conjunction[],
  label: string,
  values: readonly string[],
): readonly Conjunction[] {
  if (values.length === 0) return []
  const within = literalMatcher(label, values)
  return alternatives
    .map((alternative) => and(alternative, within))
    .filter((alternative) => !isContradiction(alternative))
}
