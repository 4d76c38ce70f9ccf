import { RE2JS } from 're2js'

// Patterns and values are bounded so that a look at one takes microseconds; label values are far shorter.
const maxLength = 2_000
const maxKnown = 500

/** What a pattern says of a value: whether Grafana could have picked it. */
type Picks = (value: string) => boolean

/** `/pattern/flags` matches anywhere; a bare pattern is the whole. */
function readPattern(regex: string): { readonly source: string; readonly flags: string } {
  const [, body, letters = ''] = /^\/([\s\S]*)\/([a-z]*)$/.exec(regex) ?? []
  return body === undefined ? { source: `^${regex}$`, flags: '' } : { source: body, flags: letters }
}

/** A group of a pattern that captures. */
interface Group {
  readonly at: number
  readonly name: string
  readonly text: string
}

function groupsOf(source: string): readonly Group[] {
  const groups: Group[] = []
  const open: { readonly at: number; readonly name: string | undefined }[] = []
  let inClass = false
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i)
    if (char === '\\') i += 1
    else if (inClass) inClass = char !== ']'
    else if (char === '[') inClass = true
    else if (char === '(') {
      const head = /^\((?:\?<(\w+)>|(?!\?))/.exec(source.slice(i))
      open.push({ at: i + (head?.[0].length ?? 1), name: head === null ? undefined : (head[1] ?? '') })
    } else if (char === ')') {
      const { at = i, name } = open.pop() ?? {}
      if (name !== undefined) groups.push({ at, name, text: source.slice(at, i) })
    }
  }
  return groups.toSorted((a, b) => a.at - b.at)
}

/** The text of the group whose match becomes the value: one named `value`, else `text`, else the first. */
function pickedGroup(source: string): string | undefined {
  const groups = groupsOf(source)
  const named = groups.find(({ name }) => name === 'value') ?? groups.find(({ name }) => name === 'text')
  return (named ?? groups[0])?.text
}

function flagsOf(letters: string): number {
  return (letters.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (letters.includes('s') ? RE2JS.DOTALL : 0)
}

const anything: Picks = () => true

function compile(regex: string): Picks {
  const { source, flags } = readPattern(regex)
  if (regex.length > maxLength) return anything
  const group = pickedGroup(source)
  // What a group captures may depend on what stands around it: then nothing can be said of the value alone.
  if (group !== undefined && /\\[bB\d]|\^|\$/.test(group.replace(/\[\^/g, '['))) return anything
  try {
    const compiled = RE2JS.compile(group ?? source, flagsOf(flags))
    return group === undefined
      ? (value) => compiled.matcher(value).find()
      : (value) => compiled.matches(value)
  } catch {
    // Looks ahead or back: not in linear time.
    return anything
  }
}

const known = new Map<string, Picks>()

/** Whether a variable with this `regex` can have picked this value from what its query returned. */
export function picksValue(regex: string | undefined, value: string): boolean {
  if (regex === undefined) return true
  const picks = known.get(regex) ?? compile(regex)
  const [oldest] = known.size >= maxKnown ? known.keys() : []
  if (oldest !== undefined) known.delete(oldest)
  known.set(regex, picks)
  return value.length <= maxLength && picks(value)
}
