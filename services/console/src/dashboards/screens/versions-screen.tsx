import { useState } from 'react'
import '../dashboards.css'
import { useCan, useMe } from '../../api/me-context.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { announce } from '../../parts/announce.tsx'
import { Button } from '../../parts/button.tsx'
import { Badge } from '../../parts/chips.tsx'
import { Dialog } from '../../parts/overlay.tsx'
import { ErrorState, Reading } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { Link } from '../../router/link.tsx'
import type { Params } from '../../router/match.ts'
import {
  contentSchema,
  dashboardPath,
  dashboardSchema,
  storedBoardSchema,
  type Version,
  versionsSchema,
} from '../data/api.ts'
import { Approval } from './approval.tsx'
import { VersionDiff } from './version-diff.tsx'

interface RestoreProps {
  readonly uid: string
  readonly version: Version
  readonly etag: string | undefined
  readonly onClose: () => void
}

/** Saves an old version as the newest. Nothing is lost by it. */
function Restore({ uid, version, etag, onClose }: RestoreProps) {
  const content = useRead(dashboardPath(uid, `/versions/${version.version}`), contentSchema)
  const path = dashboardPath(uid)
  const change = useChange({
    request: (json: Record<string, unknown>) => ({
      path,
      method: 'PUT',
      ifMatch: etag,
      json: { content: json, message: `Restored version ${version.version}` },
    }),
    schema: dashboardSchema,
    touches: [path, '/api/v1/dashboards'],
    onDone: ({ version: now }) => {
      announce(`Version ${version.version} stands again, as version ${now}.`)
      onClose()
    },
  })
  const run = (): void => {
    // The title is required and may have been changed by hand since.
    if (content.value !== undefined) change.run(content.value.content)
  }
  return (
    <Dialog
      title={`Restore version ${version.version}?`}
      onClose={onClose}
      actions={
        <>
          <Button kind="main" onClick={run} isBusy={change.isRunning || content.value === undefined}>
            Restore
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <p>
        Its content is saved as a new version; the versions in between stay. If its queries differ from
        today’s, their approval ends, and viewers without access of their own see nothing until it is given
        again.
      </p>
      {change.error === undefined ? null : <ErrorState error={change.error} title="Not restored" />}
      {content.error === undefined ? null : <ErrorState error={content.error} onRetry={content.reload} />}
    </Dialog>
  )
}

function List({
  uid,
  items,
  current,
  etag,
}: {
  readonly uid: string
  readonly items: readonly Version[]
  readonly current: number
  readonly etag: string | undefined
}) {
  const can = useCan()
  const me = useMe()
  const [from, setFrom] = useState(items[1]?.version)
  const [to, setTo] = useState(items[0]?.version)
  const [restored, setRestored] = useState<Version>()
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Versions">
        <table className="table board-versions">
          <caption className="visually-hidden">Versions, newest first. Two of them can be compared.</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Version</th>
              <th scope="col">Saved</th>
              <th scope="col">Why</th>
              <th scope="col">
                <span className="visually-hidden">Restore</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((version) => {
              const { version: n, message, savedAt, savedBy } = version
              return (
                <tr key={n}>
                  <td>
                    <input
                      type="radio"
                      name="from"
                      aria-label={`Compare from version ${n}`}
                      checked={from === n}
                      onChange={() => setFrom(n)}
                    />
                  </td>
                  <td>
                    <input
                      type="radio"
                      name="to"
                      aria-label={`Compare to version ${n}`}
                      checked={to === n}
                      onChange={() => setTo(n)}
                    />
                  </td>
                  <th scope="row">
                    {n} {n === current ? <Badge kind="good">Now</Badge> : null}
                  </th>
                  <td>
                    <Time at={savedAt} />{' '}
                    <span className="muted">by {savedBy === me.uid ? 'you' : savedBy}</span>
                  </td>
                  <td>{message === '' ? <span className="muted">no word</span> : message}</td>
                  <td>
                    {n === current || !can('dashboards:write') ? null : (
                      <Button isSmall onClick={() => setRestored(version)}>
                        Restore<span className="visually-hidden"> version {n}</span>
                      </Button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {from === undefined || to === undefined || from === to ? null : (
        <VersionDiff uid={uid} from={Math.min(from, to)} to={Math.max(from, to)} />
      )}
      {restored === undefined ? null : (
        <Restore uid={uid} version={restored} etag={etag} onClose={() => setRestored(undefined)} />
      )}
    </>
  )
}

/** Versions of a dashboard, what differs between them, and who stands for its queries. */
export default function VersionsScreen({ params }: { readonly params: Params }) {
  const uid = params['uid'] ?? ''
  const board = useRead(dashboardPath(uid), storedBoardSchema)
  const versions = useRead(dashboardPath(uid, '/versions'), versionsSchema)
  return (
    <div className="stack">
      <nav className="trail small" aria-label="Where this is">
        <Link to="/dashboards">Dashboards</Link> /{' '}
        <Link to={`/dashboards/${encodeURIComponent(uid)}`}>{board.value?.title ?? uid}</Link>
      </nav>
      <h1>Versions{board.value === undefined ? '' : ` of “${board.value.title}”`}</h1>
      <Reading read={board}>{(stored) => <Approval stored={stored} etag={board.etag} />}</Reading>
      <Reading read={versions}>
        {({ items }) => (
          <div className="card stack">
            <List
              key={items[0]?.version}
              uid={uid}
              items={items}
              current={board.value?.version ?? 0}
              etag={board.etag}
            />
          </div>
        )}
      </Reading>
    </div>
  )
}
