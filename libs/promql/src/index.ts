export type * from './ast.ts'
export {
  type AggregationSpec,
  aggregationSpec,
  aggregations,
  type FunctionSpec,
  functionSpec,
  functions,
} from './functions.ts'
export { isLegacyLabelName, isLegacyMetricName } from './keywords.ts'
export { escapeRegex, matchesEmpty, metricNameLabel } from './matchers.ts'
export { parseDuration, printDuration } from './numbers.ts'
export { defaultMaxBytes, type ParseOptions, parse, parseMatchers, parseSelector } from './parse.ts'
export { printPretty } from './pretty.ts'
export { print, printMatcher } from './print.ts'
export { regexError, regexMatchesEmpty } from './regex.ts'
export { describeTree, type TreeNode } from './tree.ts'
export { typeOf } from './type-of.ts'
export {
  compareVersions,
  dependsOnRange,
  type Feature,
  featuresOf,
  requiredVersion,
  unsupportedFeature,
} from './versions.ts'
export { children, mapChildren, mapSelectors, selectors, walk } from './walk.ts'
