export {
  addScimMembers,
  createScimGroup,
  deleteScimGroup,
  findScimGroup,
  listScimGroups,
  removeScimMembers,
  saveScimGroup,
  type ScimGroup,
} from './groups.ts'
export {
  createProvisioningToken,
  findProvisioner,
  listProvisioningTokens,
  type Provisioner,
  type ProvisioningToken,
  revokeProvisioningToken,
} from './tokens.ts'
export {
  createScimUser,
  deleteScimUser,
  findScimUser,
  listScimUsers,
  saveScimUser,
  type ScimFilter,
  type ScimSlice,
  type ScimUser,
  type ScimUserContent,
} from './users.ts'
