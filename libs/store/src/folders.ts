import type { Folder } from '@gatehouse/authz'
import type { OrgTransaction } from './transaction.ts'

type Row = { uid: string; title: string; parent_uid: string | null }

/** Folders of the entered org. */
export async function listFolders(tx: OrgTransaction): Promise<readonly Folder[]> {
  const rows = await tx.rows<Row>('select uid, title, parent_uid from folders order by uid')
  return rows.map(({ uid, title, parent_uid }) => ({ uid, title, parentUid: parent_uid ?? undefined }))
}
