import { useEffect, useRef, useState } from 'react'
import type { Asking } from '../data/context.ts'
import { type KnownAnswers, resolveVariables } from '../data/resolve-variables.ts'
import type { Board } from '../model/board.ts'
import type { TimeRange } from '../model/time-range.ts'
import type { VariableState } from '../model/variable-values.ts'

/** The variables of a dashboard with options and choices; undefined until all have been read once. */
export function useVariables(
  { variables }: Board,
  wanted: ReadonlyMap<string, readonly string[]>,
  { asking, range }: { readonly asking: Asking; readonly range: TimeRange },
): readonly VariableState[] | undefined {
  const [states, setStates] = useState<readonly VariableState[]>()
  const known = useRef<KnownAnswers>(new Map())
  useEffect(() => {
    let isCurrent = true
    // Answers are kept whatever was chosen meanwhile, so nothing is aborted.
    const { signal } = new AbortController()
    resolveVariables({ asking, variables, wanted, range, known: known.current, signal }).then(
      (resolved) => {
        if (isCurrent) setStates(sameOr(resolved))
      },
      () => undefined,
    )
    return () => {
      isCurrent = false
    }
  }, [asking, variables, wanted, range])
  return states
}

/** The old state where the new one says the same, so that nothing is drawn anew for it. */
function sameOr(resolved: readonly VariableState[]) {
  return (old: readonly VariableState[] | undefined) =>
    JSON.stringify(old) === JSON.stringify(resolved) ? old : resolved
}
