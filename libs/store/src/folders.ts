import type { Folder } from '@gatehouse/authz'
import type { OrgTransaction } from './transaction.ts'

type Row = { uid: string; title: string; parent_uid: string | null }

/** Folders of the entered org. */
export async function listFolders(tx: OrgTransaction): Promise<readonly Folder[]> {
  const rows = await tx.rows<Row>(
    'select uid, title, parent_uid from folders where org_uid = app_org() order by uid',
  )
  return rows.map(({ uid, title, parent_uid }) => ({ uid, title, parentUid: parent_uid ?? undefined }))
}

/** The folder of the entered org with this uid. */
export async function findFolder(tx: OrgTransaction, uid: string): Promise<Folder | undefined> {
  const [row] = await tx.rows<Row>(
    'select uid, title, parent_uid from folders where org_uid = app_org() and uid = $1',
    [uid],
  )
  return row && { uid: row.uid, title: row.title, parentUid: row.parent_uid ?? undefined }
}

/** Makes a folder. @throws GatehouseError `conflict` if the uid is taken or the parent does not exist; `bad_data` if it is too deep. */
export async function createFolder(tx: OrgTransaction, { uid, title, parentUid }: Folder): Promise<void> {
  await tx.rows('insert into folders (org_uid, uid, title, parent_uid) values (app_org(), $1, $2, $3)', [
    uid,
    title,
    parentUid ?? null,
  ])
}

/**
 * Renames or moves a folder; false if it is not as `expected` any more.
 * @throws GatehouseError `bad_data` if it would be inside itself or too deep; `conflict` if the parent does not exist.
 */
export async function updateFolder(tx: OrgTransaction, expected: Folder, wanted: Folder): Promise<boolean> {
  const rows = await tx.rows(
    `update folders set title = $4, parent_uid = $5
     where org_uid = app_org() and uid = $1 and title = $2 and parent_uid is not distinct from $3 returning 1`,
    [expected.uid, expected.title, expected.parentUid ?? null, wanted.title, wanted.parentUid ?? null],
  )
  return rows.length > 0
}

/** Deletes an empty folder with the grants on it; false if there is none. @throws GatehouseError `conflict` if it is not empty. */
export async function deleteFolder(tx: OrgTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows('delete from folders where org_uid = app_org() and uid = $1 returning 1', [uid])
  return rows.length > 0
}
