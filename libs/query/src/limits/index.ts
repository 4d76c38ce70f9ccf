export { fingerprint, lookupFingerprint, queryShape } from './fingerprint.ts'
export {
  checkLimits,
  type LimitName,
  type LimitNotes,
  limitShares,
  limitWords,
  type Measured,
  type QueryLimits,
  strictestLimits,
} from './limits.ts'
export { measureExpr, measureQuery } from './measure.ts'
export { regexCost } from './regex-cost.ts'
export {
  assertNotStopped,
  findStopRule,
  type StopRule,
  type StopSubject,
  type StopTarget,
} from './stop-rules.ts'
