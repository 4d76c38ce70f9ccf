export type * from './model.ts'
export type * from './policy.ts'
export { type AccessQuestion, authorize } from './authorize.ts'
export { type Action, permissionTable } from './permissions.gen.ts'
export { parseConstraint } from './parse-constraint.ts'
export { isAction, kindsOf, readsSeries } from './permissions.ts'
export { roleSchema, shippedRoles } from './roles.ts'
export { type DocumentFault, faultsOf, parseAccessDocument } from './document/check.ts'
export {
  type AccessDocument,
  accessDocumentSchema,
  type GrantDocument,
  type OrgDocument,
  type PersonDocument,
} from './document/schema.ts'
export * from './capability/index.ts'
