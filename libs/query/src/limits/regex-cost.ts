/** A piece of a pattern: the size of what is open, of the sequence so far, and of its last atom. */
interface Level {
  total: number
  last: number
}

const counted = /\{(\d+)(,(\d*))?\}/y

/**
 * Estimates the work a pattern makes: the instructions it compiles to, which RE2 steps through for every character. Counted
 * repetition multiplies what it repeats, so `((a{100}){100}){100}` costs a million. It needs no valid pattern and takes linear time.
 */
export function regexCost(pattern: string): number {
  const levels: Level[] = []
  let level: Level = { total: 0, last: 0 }
  let at = 0
  const atom = (size: number): void => {
    level.total += level.last
    level.last = size
  }
  while (at < pattern.length) {
    const char = pattern[at]
    counted.lastIndex = at
    const repeat = char === '{' ? counted.exec(pattern) : null
    if (repeat !== null) {
      level.last = Math.max(1, level.last) * Math.max(1, Number(repeat[1]), Number(repeat[3] ?? 0))
      at += repeat[0].length
      continue
    }
    if (char === '(') {
      levels.push(level)
      level = { total: 0, last: 0 }
    } else if (char === ')') {
      const size = level.total + level.last + 1
      level = levels.pop() ?? { total: 0, last: 0 }
      atom(size)
    } else if (char === '*' || char === '+' || char === '?') level.last += 1
    else if (char === '\\') {
      atom(1)
      at += 1
    } else if (char === '[') {
      atom(1)
      at = classEnd(pattern, at)
    } else atom(1)
    at += 1
  }
  return [...levels, level].reduce((sum, { total, last }) => sum + total + last, 0)
}

/** Index of the bracket that closes the class opened at `open`. */
function classEnd(pattern: string, open: number): number {
  let at = pattern[open + 1] === '^' ? open + 2 : open + 1
  if (pattern[at] === ']') at += 1
  for (; at < pattern.length && pattern[at] !== ']'; at += 1) if (pattern[at] === '\\') at += 1
  return at
}
