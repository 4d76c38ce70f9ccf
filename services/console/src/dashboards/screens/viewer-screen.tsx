import { useEffect, useMemo } from 'react'
import { useRead } from '../../api/use-api.ts'
import { useCan, useMe } from '../../api/me-context.ts'
import { saveText } from '../../charts/index.ts'
import { fileName } from '../../charts/csv.ts'
import { Disclosure } from '../../parts/disclosure.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Reading } from '../../parts/states.tsx'
import { Link } from '../../router/link.tsx'
import { useSearch } from '../../router/location.ts'
import type { Params } from '../../router/match.ts'
import { Refusal } from '../../shell/forbidden.tsx'
import { Missing } from '../../shell/missing.tsx'
import { dashboardPath, foldersSchema, type StoredBoard, storedBoardSchema } from '../data/api.ts'
import { askingOf } from '../data/asking.ts'
import { type Board, NotABoard, readBoard } from '../model/board.ts'
import { BoardView } from '../viewer/board-view.tsx'
import { grafanaBoard } from './grafana.ts'
import { Share } from './share.tsx'

/** The dashboard, or why it cannot be read. */
function readStored(content: unknown): Board | string {
  try {
    return readBoard(content)
  } catch (error) {
    if (error instanceof NotABoard) return error.message
    throw error
  }
}

function exportBoard({ title, content, uid }: StoredBoard): void {
  saveText(fileName(title, 'json'), `${JSON.stringify({ ...content, uid }, null, 2)}\n`, 'application/json')
}

function Actions({ stored }: { readonly stored: StoredBoard }) {
  const { links } = useMe()
  const can = useCan()
  const search = useSearch().toString()
  const grafana = grafanaBoard(links.grafana, stored.uid, search)
  return (
    <>
      <Share stored={stored} />
      <Disclosure
        button={
          <>
            <span aria-hidden="true">⋮</span>
            <span className="visually-hidden">More about this dashboard</span>
          </>
        }
      >
        {(close) => (
          <ul className="menu" role="list">
            {can('dashboards:write') && (
              <li>
                <Link
                  className="menu-item board-menu-link"
                  to={`/dashboards/${encodeURIComponent(stored.uid)}/versions`}
                >
                  Versions
                </Link>
              </li>
            )}
            <li>
              <button
                type="button"
                className="menu-item"
                onClick={() => {
                  exportBoard(stored)
                  close()
                }}
              >
                Export JSON
              </button>
            </li>
            {grafana === undefined ? null : (
              <li>
                <a className="menu-item board-menu-link" href={grafana} target="_blank" rel="noreferrer">
                  Open in Grafana
                </a>
              </li>
            )}
          </ul>
        )}
      </Disclosure>
    </>
  )
}

/** The way to a dashboard: its folders. */
function Trail({ folderUid }: { readonly folderUid: string | null }) {
  const { value } = useRead('/api/v1/folders?limit=1000', foldersSchema)
  const path: { readonly uid: string; readonly title: string }[] = []
  const byUid = new Map(value?.items.map((folder) => [folder.uid, folder]))
  for (let at = folderUid === null ? undefined : byUid.get(folderUid); at !== undefined && path.length < 20; )
    [at] = [at.parentUid === null ? undefined : byUid.get(at.parentUid), path.unshift(at)]
  return (
    <nav className="trail small" aria-label="Folders">
      <Link to="/dashboards">Dashboards</Link>
      {path.map(({ uid, title }) => (
        <span key={uid}>
          {' / '}
          <Link to={`/dashboards?folder=${encodeURIComponent(uid)}`}>{title}</Link>
        </span>
      ))}
    </nav>
  )
}

function Shown({ stored }: { readonly stored: StoredBoard }) {
  const me = useMe()
  const search = useSearch().toString()
  const board = useMemo(() => readStored(stored.content), [stored.content])
  const asking = useMemo(() => askingOf(me, stored), [me, stored])
  useEffect(() => {
    document.title = `${stored.title} – ${me.org.name} – Gatehouse`
  }, [stored.title, me.org.name])
  if (typeof board === 'string') return <Problem title="This dashboard cannot be shown">{board}</Problem>
  return (
    <>
      <div className="board-head">
        <h1>{stored.title}</h1>
        <Actions stored={stored} />
      </div>
      {board.description === undefined ? null : <p className="muted board-about">{board.description}</p>}
      {me.dataSources.length === 0 && stored.approval === null ? (
        <p className="notice notice-caution">
          Nobody stands for the queries of this dashboard yet, so they are not answered for you. Whoever may
          change it can approve them under “Versions”.
        </p>
      ) : null}
      <BoardView
        board={board}
        asking={asking}
        grafanaOf={(panel) => grafanaBoard(me.links.grafana, stored.uid, search, panel)}
      />
    </>
  )
}

/** One dashboard. */
export default function ViewerScreen({ params }: { readonly params: Params }) {
  const uid = params['uid'] ?? ''
  const read = useRead(dashboardPath(uid), storedBoardSchema)
  if (read.value === undefined && read.error?.status === 404) return <Missing />
  if (read.value === undefined && read.error?.status === 403)
    return (
      <Refusal
        title="This dashboard is not open to you"
        what="It"
        needs={['dashboards:read']}
        where={{ kind: 'dashboard', uid }}
      />
    )
  return (
    <div className="board">
      <Trail folderUid={read.value?.folderUid ?? null} />
      {read.value === undefined && <h1 className="visually-hidden">Dashboard</h1>}
      <Reading read={read} lines={8}>
        {(stored) => <Shown key={stored.uid} stored={stored} />}
      </Reading>
    </div>
  )
}
