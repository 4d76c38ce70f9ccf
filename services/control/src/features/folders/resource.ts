import type { Folder, Principal, Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { RouteInput } from '@gatehouse/http'
import { findFolder, type OrgTransaction } from '@gatehouse/store'
import type { Changes } from '../../changes.ts'

/** A folder as the resource of a decision. */
export function folderResource({ uid, parentUid }: Folder, orgUid: string): Resource {
  return { kind: 'folder', uid, orgUid, folderUid: parentUid }
}

/** The org itself as the resource of a decision. */
export function orgResource({ orgUid }: Principal): Resource {
  return { kind: 'org', uid: orgUid, orgUid }
}

/** The folder with this uid. @throws GatehouseError `not_found`, the same for another org's as for none. */
export async function loadFolder(tx: OrgTransaction, uid: string): Promise<Folder> {
  const folder = await findFolder(tx, uid)
  if (folder === undefined) throw new GatehouseError('not_found', 'there is no such folder')
  return folder
}

/** Loads the folder a path names, in the caller's own org. */
export function folderOf(changes: Changes) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> => {
    const folder = await changes.read(orgUid, (tx) => loadFolder(tx, params['uid'] ?? ''))
    return folderResource(folder, orgUid)
  }
}
