import { toRegExp } from './field-config.ts'
import { allValueMark, type Variable, type VariableOption } from './variable.ts'

/** Values listed in a text: `a, b : second, c\, d`; before a colon stands what people read. */
export function listedOptions(text: string): VariableOption[] {
  return text
    .split(/(?<!\\),/)
    .map((item) => item.trim().replace(/\\,/g, ','))
    .filter((item) => item !== '')
    .map((item) => {
      const named = /^(.+) : (.+)$/.exec(item)
      return named === null
        ? { text: item, value: item }
        : { text: (named[1] ?? '').trim(), value: (named[2] ?? '').trim() }
    })
}

/** What a query answered, as options: cut by the variable's regular expression, each once, in its order. */
export function optionsOfAnswers({ regex, sort }: Variable, answers: readonly string[]): VariableOption[] {
  const cut = regex === '' ? undefined : toRegExp(regex)
  const options = new Map<string, VariableOption>()
  for (const answer of answers) {
    const option = cut === undefined ? { text: answer, value: answer } : cutOption(cut, answer)
    if (option !== undefined && !options.has(option.value)) options.set(option.value, option)
  }
  return sortOptions([...options.values()], sort)
}

function cutOption(cut: RegExp, answer: string): VariableOption | undefined {
  const match = cut.exec(answer)
  if (match === null) return undefined
  const { text, value } = match.groups ?? {}
  if (text !== undefined || value !== undefined)
    return { text: text ?? value ?? '', value: value ?? text ?? '' }
  const one = match[1] ?? match[0]
  return { text: one, value: one }
}

const numberIn = (text: string): number => Number(/\d+(\.\d+)?/.exec(text)?.[0] ?? Number.NEGATIVE_INFINITY)

/** Grafana's orders: 1 and 2 by text, 3 and 4 by number, 5 and 6 by text without case, 7 and 8 naturally. */
function sortOptions(options: VariableOption[], sort: number): VariableOption[] {
  if (sort < 1 || sort > 8) return options
  const sign = sort % 2 === 1 ? 1 : -1
  const compare = (a: string, b: string): number => {
    if (sort <= 2) return a < b ? -1 : a > b ? 1 : 0
    if (sort <= 4) return numberIn(a) - numberIn(b)
    if (sort <= 6) return a.toLowerCase().localeCompare(b.toLowerCase(), 'en')
    return a.localeCompare(b, 'en', { numeric: true })
  }
  return options.toSorted((a, b) => sign * compare(a.text, b.text))
}

/**
 * What is chosen of the options there are now: of the wanted values those that exist, else the first, else all where that is offered.
 */
export function chosenOf(
  variable: Variable,
  options: readonly VariableOption[],
  wanted: readonly string[],
): readonly string[] {
  const { includeAll, multi } = variable
  const isAll = wanted.some((value) => value === allValueMark || (value === 'All' && includeAll))
  if (includeAll && (isAll || wanted.length === 0)) return [allValueMark]
  if (options.length === 0) return []
  const there = wanted.filter((value) => options.some((option) => option.value === value))
  if (there.length > 0) return multi ? there : there.slice(0, 1)
  // What was saved or sent may be a text instead of a value.
  const named = options.filter(({ text }) => wanted.includes(text)).map(({ value }) => value)
  if (named.length > 0) return multi ? named : named.slice(0, 1)
  return options.slice(0, 1).map(({ value }) => value)
}
