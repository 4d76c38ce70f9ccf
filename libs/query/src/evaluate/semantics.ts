/**
 * What differs between the Prometheus versions whose answers are reproduced here: 2.51 and later. (Older ones extrapolate
 * counters that start near zero differently, and `atan2` keeps the metric name before 2.47.)
 */
export interface Semantics {
  /** 2.54: infos stand beside warnings in an answer, not among them. */
  readonly splitsNotes: boolean
  /** 2.55: sums are compensated for rounding. */
  readonly compensatedSums: boolean
  /** 3.0: a range does not include its start. */
  readonly leftOpen: boolean
  /** 3.0: a rate is remarked on as that of no counter only if there is a rate, before that also if there are samples. */
  readonly remarksOnRates: boolean
  /** 3.0: `.` in the regex of `label_replace` also matches a newline. */
  readonly dotMatchesNewline: boolean
  /** 3.0: the variance of a group that starts with an infinity or NaN is NaN, also when that is its only value. */
  readonly strictVariance: boolean
  /** 3.0: every non-empty string is a label name. */
  readonly utf8Names: boolean
  /** 3.0: `label_join` refuses to make series equal. */
  readonly strictJoin: boolean
  /** 3.3: everything that computes with floats ignores native histograms. */
  readonly ignoresHistograms: boolean
  /** 3.4: `histogram_fraction` also reads classic buckets. */
  readonly classicFraction: boolean
  /** 3.9: the cardinality of a match is checked before a comparison filters it. */
  readonly checkBeforeFilter: boolean
  /** 3.9: series that label functions and unary minus make equal may share labels at different times. */
  readonly mergeAlternating: boolean
}

/**
 * Semantics of a Prometheus version, the lowest one among a data source's shards.
 * @example semanticsOf('3.5.3').leftOpen // true
 */
export function semanticsOf(version: string): Semantics {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const since = (m: number, n: number) => major > m || (major === m && minor >= n)
  return {
    splitsNotes: since(2, 54),
    compensatedSums: since(2, 55),
    leftOpen: since(3, 0),
    remarksOnRates: since(3, 0),
    dotMatchesNewline: since(3, 0),
    strictVariance: since(3, 0),
    utf8Names: since(3, 0),
    strictJoin: since(3, 0),
    ignoresHistograms: since(3, 3),
    classicFraction: since(3, 4),
    checkBeforeFilter: since(3, 9),
    mergeAlternating: since(3, 9),
  }
}
