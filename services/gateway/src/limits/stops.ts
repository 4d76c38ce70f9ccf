import type { StopRule } from '@gatehouse/query'

/** Operators' orders to refuse queries. */
export interface Stops {
  current(): readonly StopRule[]
  /** Has something told of every change. @returns the function that ends it. */
  watch(onChange: (rules: readonly StopRule[]) => void): () => void
}

/** Orders as they change. */
export interface ChangingStops extends Stops {
  set(rules: readonly StopRule[]): void
}

/** Creates orders; none at first. */
export function createStops(): ChangingStops {
  const watching = new Set<(rules: readonly StopRule[]) => void>()
  let current: readonly StopRule[] = []
  return {
    current: () => current,
    watch(onChange) {
      watching.add(onChange)
      return () => void watching.delete(onChange)
    },
    set(rules) {
      current = rules
      for (const onChange of watching) onChange(rules)
    },
  }
}
