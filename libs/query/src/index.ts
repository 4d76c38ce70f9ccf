export * from './model.ts'
export { escapeLabelName, unescapeLabelName } from './label-name.ts'
export {
  formatDuration,
  formatTime,
  maxPointsPerSeries,
  parseDuration,
  parseLimit,
  parseTime,
  rangeOf,
} from './parameters.ts'
export {
  buildinfoRequest,
  configRequest,
  coverageRequest,
  exemplarsRequest,
  federateRequest,
  metadataRequest,
  rulesRequest,
  type StatusPage,
  statusPages,
  statusRequest,
  targetsRequest,
  type EnforcedText,
  type EvaluationOptions,
  instantRequest,
  labelsRequest,
  labelValuesRequest,
  type LookupOptions,
  printEnforced,
  rangeRequest,
  seriesRequest,
  type UpstreamRequest,
} from './upstream-request.ts'
export { createAdmission, type Labelled } from './admission.ts'
export { narrowTo } from './narrow.ts'
export { coverOf, nativeRequest, perTenant, policyProbe } from './native.ts'
export { pruneShards, sliceMatchers, withNewest } from './prune.ts'
export { compareBytes } from './sort.ts'
export {
  compareLabelSets,
  type LabelSet,
  labelSetJson,
  toLabelSet,
  unionLabelSets,
  unionStrings,
} from './union.ts'
export { constraintSelector, enforce, enforceSelector, narrowEnforced } from './enforce.ts'
export * from './cache/index.ts'
export * from './limits/index.ts'
export type { LeafAnswer } from './evaluate/context.ts'
export { readRawAnswer, releaseBuffer } from './evaluate/raw-item.ts'
export { evaluate, type Evaluation } from './evaluate/evaluate.ts'
export { type QueryResult, renderResult } from './evaluate/result.ts'
export { mergeStats } from './evaluate/stats.ts'
export { maxPartitions, partition } from './partition/partition.ts'
export type { EngineRequest, EnginePlan, EvaluatePlan, LeafRequest, PassPlan, Plan } from './plan/model.ts'
export { type PlanDescription, describePlan } from './plan/describe.ts'
export { planQuery, type PlanInput, refuse } from './plan/plan.ts'
