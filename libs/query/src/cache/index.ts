export { cover, keepExtents, mergeExtents } from './assemble.ts'
export {
  allFacts,
  type BypassReason,
  bypassReason,
  bypassReasons,
  type CacheFacts,
  cacheFacts,
  type Freshness,
  settledUntil,
} from './cacheability.ts'
export {
  annotate,
  annotateLong,
  type Annotations,
  annotationsOf,
  hasAnnotations,
  hasWarnings,
} from './envelope.ts'
export { cropExtent, type Extent, extentBytes, sampleCount, type StoredSeries } from './extent.ts'
export {
  type CachedEndpoint,
  exactFields,
  exactKey,
  extentKey,
  keyBuilder,
  type KeyParts,
  type Times,
} from './key.ts'
export { missingSpans, onGrid, type Span, spanRange } from './plan-range.ts'
export { renderMatrix } from './render-matrix.ts'
export { lastTime, type ScannedMatrix, scanMatrix } from './scan-matrix.ts'
