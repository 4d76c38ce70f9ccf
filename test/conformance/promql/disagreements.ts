/** One kind of query that we and a server judge differently, and why that is right or harmless. */
export interface Disagreement {
  /** Who refuses it. */
  readonly refusedBy: 'us' | 'server'
  /** Major versions of the servers it concerns. */
  readonly servers: readonly ('2' | '3')[]
  /** Matches the refusal's message. */
  readonly message: RegExp
  /** Matches the query. */
  readonly query?: RegExp
  readonly reason: string
}

/*
 * Everything else must be judged alike. "Newer than the server" is not in this table: the test derives it from
 * `unsupportedFeature`, and "newer spelling, same meaning" from the server's acceptance of the printed query.
 */
export const disagreements: readonly Disagreement[] = [
  {
    refusedBy: 'us',
    servers: ['3'],
    message: /info\(\) is not supported/,
    reason: 'info() selects series that stand nowhere in the query, so no constraint could be put on them.',
  },
  {
    refusedBy: 'us',
    servers: ['3'],
    message: /duration expressions are not supported/,
    query: /\[|offset/i,
    reason: 'Signs in brackets and repeated signs belong to the arithmetic on durations of 3.4 and later.',
  },
  {
    refusedBy: 'us',
    servers: ['2', '3'],
    message: /unexpected character in a range/,
    query: /\[[^\]]*\s[a-z_]/i,
    reason: 'Lexers before 3.7 take any letter after the duration for the colon of a subquery: `a[5m x 1m]`.',
  },
  {
    refusedBy: 'us',
    servers: ['3'],
    message: /not a whole number of milliseconds/,
    query: /[[:]|offset|\d/i,
    reason: 'Prometheus 3 keeps nanoseconds of `[0.0001]`, which no duration text can say again.',
  },
  {
    refusedBy: 'us',
    servers: ['2', '3'],
    message: /no @ modifiers allowed before range/,
    query: /@\s*(start|end)/i,
    reason: 'Before 3.14 the check for a modifier before a range overlooks `@ start()` and `@ end()`.',
  },
  {
    refusedBy: 'us',
    servers: ['2', '3'],
    message: /timestamp out of bounds/,
    query: /@/,
    reason:
      'Beyond the year 287396 a millisecond is no longer exact in a double; Prometheus goes on to 2^63.',
  },
  {
    refusedBy: 'us',
    servers: ['2', '3'],
    message: /levels deep|operations deep|operators in a row/,
    reason: 'Depth is bounded so that whatever walks the tree may recurse; no real query comes near.',
  },
  {
    refusedBy: 'us',
    servers: ['2', '3'],
    message: /longer than the limit/,
    reason: 'Queries are bounded to 64 KiB.',
  },
  {
    refusedBy: 'server',
    servers: ['3'],
    message: /bad number or duration syntax|unknown unit "x"/,
    query: /0x[\da-f_]*e/i,
    reason:
      "Prometheus 3's lexer takes an `e` inside a hexadecimal number for an exponent; we print decimals.",
  },
]
