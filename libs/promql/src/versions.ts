import type { Expr, VectorSelector } from './ast.ts'
import { aggregationSpec, functionSpec } from './functions.ts'
import { canNameGroupingLabel, canNameMetric, isLegacyLabelName, isLegacyMetricName } from './keywords.ts'
import { metricNameLabel } from './matchers.ts'
import { walk } from './walk.ts'

/** Something in an expression that not every Prometheus version has. Versions are `major.minor`. */
export interface Feature {
  /** What it is, for an error message. */
  readonly feature: string
  /** First version that has it. */
  readonly since: string
  /** First version that has it no more. */
  readonly removed?: string
  /** Whether it needs `--enable-feature=promql-experimental-functions`. */
  readonly experimental?: boolean
}

const quotedNames: Feature = { feature: 'quoted metric and label names', since: '3.0' }
const atModifier: Feature = { feature: 'the @ modifier', since: '2.33' }
const negativeOffset: Feature = { feature: 'negative offsets', since: '2.33' }
const atan2: Feature = { feature: 'atan2', since: '2.31' }

function quotedSelector({ name, matchers }: VectorSelector): boolean {
  const asMatcher = matchers.some((matcher) => matcher.name === metricNameLabel)
  const quotedName = name !== undefined && !asMatcher && !(isLegacyMetricName(name) && canNameMetric(name))
  return quotedName || matchers.some((matcher) => !isLegacyLabelName(matcher.name))
}

function quotedLabels(labels: readonly string[]): boolean {
  return labels.some((label) => !isLegacyLabelName(label) || !canNameGroupingLabel(label))
}

function callFeature(func: string): Feature | undefined {
  const { since, removed, experimental } = functionSpec(func) ?? {}
  if (since === undefined && removed === undefined) return undefined
  return {
    feature: `${func}()`,
    since: since ?? '2.0',
    ...(removed === undefined ? {} : { removed }),
    ...(experimental === undefined ? {} : { experimental }),
  }
}

function nodeFeatures(node: Expr, add: (feature: Feature | undefined) => void): void {
  switch (node.kind) {
    case 'VectorSelector':
    case 'SubqueryExpr':
      if (node.kind === 'VectorSelector' && quotedSelector(node)) add(quotedNames)
      if (node.at !== undefined) add(atModifier)
      if (node.offsetMs < 0) add(negativeOffset)
      return
    case 'Call':
      return add(callFeature(node.func))
    case 'AggregateExpr': {
      const { since, experimental } = aggregationSpec(node.op) ?? {}
      if (since !== undefined) {
        add({ feature: node.op, since, ...(experimental === undefined ? {} : { experimental }) })
      }
      if (quotedLabels(node.grouping)) add(quotedNames)
      return
    }
    case 'BinaryExpr':
      if (node.op === 'atan2') add(atan2)
      if (node.matching !== undefined && quotedLabels([...node.matching.labels, ...node.matching.include])) {
        add(quotedNames)
      }
      return
    case 'NumberLiteral':
    case 'StringLiteral':
    case 'MatrixSelector':
    case 'UnaryExpr':
    case 'ParenExpr':
      return
  }
}

/** What of an expression, as printed by `print`, depends on the Prometheus version; each feature once. */
export function featuresOf(expr: Expr): readonly Feature[] {
  const found = new Map<string, Feature>()
  walk(expr, (node) =>
    nodeFeatures(node, (feature) => {
      if (feature !== undefined) found.set(feature.feature, feature)
    }),
  )
  return [...found.values()]
}

/** Orders `major.minor` versions (what follows is ignored); negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}

/** The oldest Prometheus version that can run an expression, and the feature that makes it so; undefined if any can. */
export function requiredVersion(expr: Expr): { version: string; feature: string } | undefined {
  let newest: Feature | undefined
  for (const feature of featuresOf(expr)) {
    if (newest === undefined || compareVersions(feature.since, newest.since) > 0) newest = feature
  }
  return newest === undefined ? undefined : { version: newest.since, feature: newest.feature }
}

/** The first feature of an expression that a Prometheus version does not have, too new or gone; undefined if none. */
export function unsupportedFeature(expr: Expr, version: string): Feature | undefined {
  return featuresOf(expr).find(
    ({ since, removed }) =>
      compareVersions(version, since) < 0 ||
      (removed !== undefined && compareVersions(version, removed) >= 0),
  )
}

/**
 * Whether an expression's value at a time depends on the start, end or step of the whole query (`@ start()`, `step()`):
 * computing it over a part of the range gives something else.
 */
export function dependsOnRange(expr: Expr): boolean {
  let depends = false
  walk(expr, (node) => {
    if (node.kind === 'VectorSelector' || node.kind === 'SubqueryExpr') {
      depends ||= node.at?.kind === 'start' || node.at?.kind === 'end'
    } else if (node.kind === 'Call') depends ||= functionSpec(node.func)?.ofRange === true
    return !depends
  })
  return depends
}
