export { keepingAdministrator } from './administrators.ts'
export {
  createDataSource,
  type DataSourceSettings,
  deleteDataSource,
  findDataSource,
  findStoredDataSource,
  updateDataSource,
} from './data-sources.ts'
export {
  createGuardrail,
  deleteGuardrail,
  listWrittenGuardrails,
  updateGuardrail,
  type WrittenGuardrail,
} from './guardrails.ts'
export { findAnswer, type IdempotencyKey, keepAnswer, type KeptAnswer, lockKey } from './idempotency-keys.ts'
export { lockForChange } from './lock.ts'
export { addMember, type Invited, isMemberOf, removeMember } from './members.ts'
export {
  createOrg,
  deleteOrg,
  findManagedOrg,
  listOrgUids,
  type ManagedOrg,
  type OrgSettings,
  updateOrg,
} from './orgs.ts'
export {
  createServiceAccount,
  deleteServiceAccount,
  findManagedAccount,
  listManagedAccounts,
  updateServiceAccount,
} from './service-accounts.ts'
export {
  addTeamMember,
  createTeam,
  deleteTeam,
  findTeam,
  listTeamMembers,
  removeTeamMember,
  type TeamMember,
  updateTeam,
} from './teams.ts'
