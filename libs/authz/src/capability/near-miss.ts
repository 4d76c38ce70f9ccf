import {
  type Expr,
  type Matcher,
  mapChildren,
  mapSelectors,
  parse,
  print,
  type VectorSelector,
  walk,
} from '@gatehouse/promql'

/** Pseudo-random numbers in [0, 1) from a seed (mulberry32), so that a run can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One way to ask for a little more than a query grants. */
export type NearMiss =
  | 'metric'
  | 'label'
  | 'wider'
  | 'dropped'
  | 'operand'
  | 'function'
  | 'number'
  | 'grouping'
  | 'offset'

/** Every kind of near miss. */
export const nearMisses: readonly NearMiss[] = [
  'metric',
  'label',
  'wider',
  'dropped',
  'operand',
  'function',
  'number',
  'grouping',
  'offset',
]

/**
 * A query that differs from `expr` in one place and asks for something else: another metric, another label, a wider
 * matcher, an extra operand.
 * @returns undefined where `expr` has no such place, or the change leaves it the same.
 */
export function nearMiss(expr: Expr, kind: NearMiss, random: () => number): Expr | undefined {
  const changed = change(expr, kind, random)
  return changed === undefined || print(changed) === print(expr) ? undefined : changed
}

function change(expr: Expr, kind: NearMiss, random: () => number): Expr | undefined {
  switch (kind) {
    case 'metric':
      return changeSelector(expr, random, (s) =>
        s.name === undefined ? s : { ...s, name: `${s.name}_other` },
      )
    case 'label':
      return changeMatcher(expr, random, (m) => ({ ...m, name: `${m.name}_other` }))
    case 'wider':
      return changeMatcher(expr, random, (m) => ({
        ...m,
        op: '=~',
        value: widened(m.value, random),
      }))
    case 'dropped':
      return changeSelector(expr, random, (s) => ({ ...s, matchers: s.matchers.slice(1) }))
    case 'operand':
      return parse(`(${print(expr)}) or other_metric`)
    case 'function':
      return parse(`abs(${print(expr)})`)
    case 'number':
      return changeFirst(expr, (node) =>
        node.kind === 'NumberLiteral' ? { ...node, value: node.value + 1 } : node,
      )
    case 'grouping':
      return changeFirst(expr, (node) =>
        node.kind === 'AggregateExpr' ? { ...node, grouping: [...node.grouping, 'other'] } : node,
      )
    case 'offset':
      return changeSelector(expr, random, (s) => ({ ...s, offsetMs: s.offsetMs + 86_400_000 }))
  }
}

const wider: readonly ((value: string) => string)[] = [
  () => '.+',
  () => '..',
  () => '[^x]+',
  () => '\\w+',
  () => '[a-z0-9]*',
  (value) => `${value}|.+`,
  (value) => `(${value}|.*)`,
  (value) => `${value}.+`,
]

/** A pattern that finds texts which cannot be read off it. */
function widened(value: string, random: () => number): string {
  return (wider[Math.floor(random() * wider.length)] ?? String)(value)
}

function changeSelector(
  expr: Expr,
  random: () => number,
  fn: (selector: VectorSelector) => VectorSelector,
): Expr | undefined {
  let count = 0
  walk(expr, (node) => {
    if (node.kind === 'VectorSelector') count += 1
  })
  if (count === 0) return undefined
  const chosen = Math.floor(random() * count)
  let index = 0
  return mapSelectors(expr, (selector) => (index++ === chosen ? fn(selector) : selector))
}

function changeMatcher(
  expr: Expr,
  random: () => number,
  fn: (matcher: Matcher) => Matcher,
): Expr | undefined {
  return changeSelector(expr, random, (selector) => {
    const chosen = Math.floor(random() * selector.matchers.length)
    return { ...selector, matchers: selector.matchers.map((m, i) => (i === chosen ? fn(m) : m)) }
  })
}

function changeFirst(expr: Expr, fn: (node: Expr) => Expr): Expr {
  let done = false
  const visit = (node: Expr): Expr => {
    if (done) return node
    const changed = fn(node)
    if (changed !== node) {
      done = true
      return changed
    }
    return mapChildren(node, visit)
  }
  return visit(expr)
}
