export { type ErrorCode, errorTable, GatehouseError, isGatehouseError, toGatehouseError } from './error.ts'
export { type Rendered, renderProblem, renderPrometheus } from './render.ts'
