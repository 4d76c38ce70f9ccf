export type * from './model.ts'
export { maxRecordedReasons, resourceKinds } from './model.ts'
export type * from './policy.ts'
export { type AccessQuestion, authorize } from './authorize.ts'
export { type Action, permissionTable } from './permissions.gen.ts'
export { isInForce, isSubject } from './compile.ts'
export { parseAsked, parseConstraint } from './parse-constraint.ts'
export { isAction, kindsOf, readsSeries } from './permissions.ts'
export { roleSchema, shippedRoles } from './roles.ts'
export { backends } from './document/data-source.ts'
export { type DocumentFault, faultsOf, parseAccessDocument } from './document/check.ts'
export { type ShardDocument, shardMapFault } from './document/shard-map.ts'
export {
  type AccessDocument,
  accessDocumentSchema,
  type GrantDocument,
  type OrgDocument,
  type PersonDocument,
} from './document/schema.ts'
export * from './capability/index.ts'
export { policyOf } from './document/policy-of.ts'
export {
  compareAnswer,
  type Expectation,
  parseScenario,
  runScenario,
  type Scenario,
  type ScenarioAnswer,
  type ScenarioResult,
  scenarioSchema,
} from './document/scenario.ts'
export {
  type AccessDifference,
  diffAccess,
  diffGroups,
  diffLater,
  differencesOverTime,
  joinDifferences,
  type LaterDifference,
} from './difference.ts'
export type { AccessState, SeriesChange, View } from './view.ts'
export {
  type AccessPath,
  explain,
  type Explanation,
  type ExplainQuestion,
  type FailingCondition,
} from './explain.ts'
export { heldPermissions, notHeld, type ProposedGrant } from './may-grant.ts'
export { areDisjoint, isWithin, type Overlap, overlapOf } from './overlap.ts'
export {
  type AuditedUse,
  rehearse,
  type Rehearsal,
  type RehearsedEffect,
  type RehearsedLine,
  type RehearsedState,
  type UnjudgedLine,
} from './rehearse.ts'
export { type PolicyChange, proposedPolicy, type TeamPlace } from './proposed.ts'
export { folderPath, scopeOf } from './scopes.ts'
export {
  everyone,
  principalOfMember,
  principalOfServiceAccount,
  whoCan,
  type WhoEntry,
  type WhoQuestion,
} from './who-can.ts'
