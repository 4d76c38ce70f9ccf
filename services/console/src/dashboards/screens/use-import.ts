import { useState } from 'react'
import { useCan } from '../../api/me-context.ts'
import { type Change, useChange, useRead } from '../../api/use-api.ts'
import { announce } from '../../parts/announce.tsx'
import { navigate } from '../../router/location.ts'
import {
  dashboardPath,
  dashboardSchema,
  dashboardsSchema,
  type StoredBoard,
  storedBoardSchema,
  type StoredDashboard,
} from '../data/api.ts'
import type { Board } from '../model/board.ts'

/** What a file becomes whose uid a dashboard has already: its next version, or a dashboard with a uid of its own. */
export type ImportAs = 'version' | 'own'

/** An import: what is there already, what it becomes, and how it is run. */
export interface Import {
  readonly existing: StoredBoard | undefined
  readonly mayChange: boolean
  readonly as: ImportAs
  readonly setAs: (as: ImportAs) => void
  readonly change: Change<ImportAs | undefined, StoredDashboard>
}

/** The dashboard with this uid, if I may open it; with what its next version must be made from. */
function useExisting(uid: string | undefined) {
  const all = useRead(uid === undefined ? undefined : '/api/v1/dashboards?limit=1000', dashboardsSchema)
  const isThere = all.value?.items.some((item) => item.uid === uid) === true
  const read = useRead(isThere && uid !== undefined ? dashboardPath(uid) : undefined, storedBoardSchema)
  return { existing: isThere ? read.value : undefined, etag: read.etag }
}

/** Imports a dashboard into a folder; empty for the top level. */
export function useImport(
  board: Board | undefined,
  place: { readonly folder: string; readonly message: string },
): Import {
  const can = useCan()
  const { existing, etag } = useExisting(board?.uid)
  const mayChange = can('dashboards:write')
  const [wanted, setAs] = useState<ImportAs>('version')
  const as = mayChange ? wanted : 'own'
  const { folder, message } = place
  const change = useChange({
    request: (how: ImportAs | undefined) => {
      const content = how === 'own' ? { ...board?.raw, uid: undefined } : board?.raw
      if (how === 'version' && existing !== undefined)
        return {
          path: dashboardPath(existing.uid),
          method: 'PUT',
          json: { content, message },
          ifMatch: etag,
        } as const
      const path =
        folder === '' ? '/api/v1/dashboards' : `/api/v1/folders/${encodeURIComponent(folder)}/dashboards`
      return { path, method: 'POST', json: { content, message } } as const
    },
    schema: dashboardSchema,
    touches: ['/api/v1/dashboards'],
    onDone: ({ uid, title, version, approval }) => {
      announce(
        version === 1
          ? `“${title}” is imported. Approve its queries to let others see it.`
          : `“${title}” is saved as version ${version}.${approval === null ? ' Approve its queries to let others see it.' : ''}`,
      )
      navigate(`/dashboards/${encodeURIComponent(uid)}`)
    },
  })
  return { existing, mayChange, as, setAs, change }
}
