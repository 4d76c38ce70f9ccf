export {
  type AccessRequest,
  createAccessRequest,
  decideAccessRequest,
  listAccessRequests,
  lockAccessRequest,
  type RequestedPlace,
} from './access-requests.ts'
export { requireAdministrator } from './administrators.ts'
export { assertLeastPrivilege } from './app-login.ts'
export { releaseToApi } from './apply/release.ts'
export { type AccessChange, applyAccess, applyAccessIn, type ApplyOptions } from './apply/apply-access.ts'
export { type AccessPlan, type ChangedDataSource, planAccess } from './apply/plan-access.ts'
export {
  type BreakGlass,
  closeBreakGlass,
  countGrantUses,
  listBreakGlass,
  lockBreakGlass,
  openBreakGlass,
  reviewBreakGlass,
} from './break-glass.ts'
export { mayGrantWithout } from './whose-hand.ts'
export * from './dashboards/index.ts'
export {
  listDataSources,
  listReachedByOthers,
  listUpstreamsOfOthers,
  listStoredDataSources,
  type StoredDataSource,
  tenantRemainder,
} from './data-sources.ts'
export { dumpSchema } from './dump-schema.ts'
export {
  type EndedGrant,
  noteEndedGrants,
  noteUsedBreakGlass,
  orgsWithEndings,
  type UsedBreakGlass,
} from './endings.ts'
export { createFolder, deleteFolder, findFolder, listFolders, updateFolder } from './folders.ts'
export { storeError } from './errors.ts'
export { createGrant, deleteGrant, listGrants, type NewGrant } from './grants.ts'
export {
  createIdentityStore,
  type IdentityStore,
  type SessionRecord,
  type TokenRecord,
} from './identity-store.ts'
export { keepLoginAttempt, type LoginAttemptRow, takeLoginAttempt } from './login-attempts.ts'
export * from './manage/index.ts'
export { findMember, listMembers } from './members.ts'
export { migrate } from './migrate.ts'
export { type Org, findOrg } from './orgs.ts'
export {
  addNotice,
  type DueNotice,
  listNoticesAbout,
  type Notice,
  type NoticeState,
  settleNotice,
  takeNotices,
} from './notices.ts'
export { createPolicyStore, type PolicyStore, type PolicyStoreOptions } from './policy-store.ts'
export { createPool, type Pool, type PoolOptions } from './pool.ts'
export { recogniseUser, signIn, type UserRecord, type VouchedIdentity } from './recognise.ts'
export { deleteRole, listRoles, putRole } from './roles.ts'
export {
  keepLocalAdminCode,
  type LocalAdminCode,
  localAdminIssuer,
  openLocalAdmin,
  takeLocalAdminCode,
} from './local-admin.ts'
export { listTeams } from './teams.ts'
export * from './queries/index.ts'
export * from './rehearsal/index.ts'
export * from './scim/index.ts'
export {
  beginSessionCheck,
  type DueSession,
  endSessionCheck,
  findSealed,
  type SessionAnswer,
} from './session-checks.ts'
export {
  closeSession,
  extendSession,
  findSessionEnds,
  listSessions,
  type NewSession,
  openSession,
  pruneSessions,
  revokeSession,
  revokeSessionsOf,
  type EndedSession,
  type Session,
  type SessionEnds,
} from './sessions.ts'
export { type OrgSnapshot, readSnapshot } from './snapshot.ts'
export { createTemporaryGrant, endTemporaryGrant, type TemporaryGrant } from './temporary-grants.ts'
export {
  createToken,
  listTokens,
  type NewToken,
  revokeToken,
  type ServiceAccountToken,
  shortenToken,
} from './tokens.ts'
export {
  enterOrg,
  enterTime,
  type OrgTransaction,
  type Row,
  type Transaction,
  type TransactionOptions,
  withOrg,
  withTransaction,
} from './transaction.ts'
export * from './audit/index.ts'
