import { QueryClientProvider, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import '../dashboards.css'
import { ask, toApiError } from '../../api/client.ts'
import { createQueryClient } from '../../api/query-client.ts'
import { Alone } from '../../parts/alone.tsx'
import { Announcements } from '../../parts/announce.tsx'
import { Brand } from '../../parts/brand.tsx'
import { Skeleton } from '../../parts/states.tsx'
import { dashboardPath, type StoredBoard, storedBoardSchema } from '../data/api.ts'
import type { Asking } from '../data/context.ts'
import { NotABoard, readBoard } from '../model/board.ts'
import { BoardView } from '../viewer/board-view.tsx'

function useHash(): string {
  const [hash, setHash] = useState(() => location.hash.slice(1))
  useEffect(() => {
    const read = (): void => setHash(location.hash.slice(1))
    window.addEventListener('hashchange', read)
    return () => window.removeEventListener('hashchange', read)
  }, [])
  return hash
}

function Shown({ stored, token }: { readonly stored: StoredBoard; readonly token: string }) {
  const board = useMemo(() => {
    try {
      return readBoard(stored.content)
    } catch (error) {
      if (error instanceof NotABoard) return undefined
      throw error
    }
  }, [stored])
  const asking = useMemo((): Asking => {
    const uids = stored.approval?.dataSources ?? []
    const sources = uids.map((uid) => ({ uid, name: uid }))
    return {
      org: undefined,
      token,
      dashboardUid: stored.uid,
      sources,
      defaultSource: uids[0] ?? 'all',
      ownSources: new Set(),
    }
  }, [stored, token])
  useEffect(() => {
    document.title = `${stored.title} – Gatehouse`
  }, [stored.title])
  if (board === undefined)
    return (
      <Alone title="This dashboard cannot be shown">
        <p>It is not a Grafana dashboard in v1 JSON.</p>
      </Alone>
    )
  return (
    <>
      <header className="bar">
        <div className="shared-bar">
          <Brand />
          <span className="small muted">Shared by link, for reading only</span>
        </div>
      </header>
      <main className="main board" id="main">
        <h1>{stored.title}</h1>
        {board.description === undefined ? null : <p className="muted board-about">{board.description}</p>}
        <BoardView board={board} asking={asking} grafanaOf={() => undefined} />
      </main>
      <Announcements />
    </>
  )
}

function Opened({ uid, token }: { readonly uid: string; readonly token: string }) {
  const read = useQuery({
    queryKey: ['shared', uid, token],
    queryFn: ({ signal }) => ask(dashboardPath(uid), storedBoardSchema, { token, signal }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (read.data !== undefined) return <Shown stored={read.data} token={token} />
  if (read.isPending) return <Skeleton lines={6} label="Opening the dashboard" />
  const { status, message } = toApiError(read.error)
  return (
    <Alone title={status === 0 ? 'Gatehouse cannot be reached' : 'This link does not work any more'}>
      <p>
        {status === 0
          ? message
          : 'It may have ended, or sharing was switched off. Ask whoever sent it for a new one.'}
      </p>
    </Alone>
  )
}

const client = createQueryClient()

/** A dashboard for whoever has its link, without signing in. The token stands behind the # of the address. */
export default function SharedPage({ uid }: { readonly uid: string }) {
  const token = useHash()
  if (token === '')
    return (
      <Alone title="This link is not complete">
        <p>What stands behind the # is missing. Copy the whole link and open it again.</p>
      </Alone>
    )
  return (
    <QueryClientProvider client={client}>
      <Opened key={token} uid={uid} token={token} />
    </QueryClientProvider>
  )
}
