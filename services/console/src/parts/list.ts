const formats = {
  conjunction: new Intl.ListFormat('en-GB', { type: 'conjunction' }),
  disjunction: new Intl.ListFormat('en-GB', { type: 'disjunction' }),
}

/** `a`, `a and b`, `a, b and c`; with `or` as a disjunction. */
export function list(items: Iterable<string>, type: keyof typeof formats = 'conjunction'): string {
  return formats[type].format(items)
}
