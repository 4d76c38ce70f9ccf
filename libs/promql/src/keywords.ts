import { aggregations } from './functions.ts'

/** What a word of PromQL is to the parser; words not in this table are plain identifiers. */
export type WordKind = 'aggregation' | 'operator' | 'modifier' | 'number'

const words = new Map<string, WordKind>()
for (const name of Object.keys(aggregations)) words.set(name, 'aggregation')
for (const word of ['and', 'or', 'unless', 'atan2']) words.set(word, 'operator')
for (const word of ['offset', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'bool']) {
  words.set(word, 'modifier')
}
for (const word of ['inf', 'nan']) words.set(word, 'number')

/** Kind of a reserved word, in any letter case; undefined for an ordinary identifier. */
export function wordKind(word: string): WordKind | undefined {
  return words.get(word) ?? words.get(word.toLowerCase())
}

// Reserved words the grammar does not accept where a metric name stands.
const notMetricNames = new Set(['atan2', 'on', 'ignoring', 'group_left', 'group_right', 'bool', 'inf', 'nan'])

// `without` is missing from the grammar's list of labels that may be grouped by unquoted.
const notGroupingLabels = new Set(['without', 'inf', 'nan'])

/** Whether a word can be written bare where a metric name stands (its characters aside). */
export function canNameMetric(word: string): boolean {
  return !notMetricNames.has(word.toLowerCase())
}

/** Whether a word can be written bare in `by`, `on`, `group_left` and the like (its characters aside). */
export function canNameGroupingLabel(word: string): boolean {
  return !notGroupingLabels.has(word.toLowerCase())
}

/** Whether a text has the characters of a metric name that needs no quotes. */
export function isLegacyMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
}

/** Whether a text has the characters of a label name that needs no quotes. */
export function isLegacyLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
}
