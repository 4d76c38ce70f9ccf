import { useState } from 'react'
import { useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { Drawer } from '../parts/overlay.tsx'
import { EmptyState, ErrorState, Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { bytesText } from '../parts/quantities.ts'
import { type ExportJob, exportJob, exportJobs } from './model.ts'

const path = '/api/v1/audit/exports'
const isLive = ({ state }: ExportJob): boolean => state === 'queued' || state === 'running'
const stateKinds = {
  queued: 'plain',
  running: 'plain',
  done: 'good',
  failed: 'danger',
  cancelled: 'caution',
} as const
const stateWords = {
  queued: 'waits for its turn',
  running: 'being written',
  done: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
} as const
const formatWords = { ndjson: 'NDJSON with manifest', csv: 'CSV' } as const

function Job({ job, orgParameter }: { readonly job: ExportJob; readonly orgParameter: string }) {
  const { org } = useMe()
  const cancel = useChange({
    request: () => ({ path: `${path}/${job.uid}/cancel${orgParameter}`, method: 'POST' as const, json: {} }),
    schema: exportJob,
    touches: [path],
  })
  const inOrg = orgParameter === '' ? `?org=${encodeURIComponent(org.uid)}` : orgParameter
  return (
    <li className="stack-tight">
      <div className="row row-apart">
        <span>
          <Badge kind={stateKinds[job.state]}>{stateWords[job.state]}</Badge> {formatWords[job.format]}, asked
          for <Time at={job.requestedAt} isRelative />
        </span>
        {isLive(job) && (
          <Button isSmall isBusy={cancel.isRunning} onClick={() => cancel.run(undefined)}>
            Cancel
          </Button>
        )}
      </div>
      {isLive(job) && (
        <div className="row">
          <progress aria-label="Export" value={job.events} max={Math.max(1, job.expected ?? 0, job.events)} />
          <span className="small muted">
            {job.events.toLocaleString('en-GB')}
            {job.expected === null ? '' : ` of about ${job.expected.toLocaleString('en-GB')}`} events
          </span>
        </div>
      )}
      {job.state === 'done' && (
        <div className="row small">
          <a href={`${path}/${job.uid}/content${inOrg}`} download>
            Download {job.events.toLocaleString('en-GB')} events
            {job.bytes === null ? '' : ` (${bytesText(job.bytes)})`}
          </a>
          {job.format === 'ndjson' && (
            <a href={`${path}/${job.uid}/manifest${inOrg}`} download={`${job.uid}.manifest.json`}>
              Download the signed manifest
            </a>
          )}
          {job.expiresAt !== null && (
            <span className="muted">
              kept until <Time at={job.expiresAt} />
            </span>
          )}
        </div>
      )}
      {job.state === 'failed' && job.error !== null && <p className="small">{job.error}</p>}
      {cancel.error !== undefined && <ErrorState error={cancel.error} />}
    </li>
  )
}

/** Exports of what is filtered, and the ones asked for before. */
export function ExportsDrawer({
  what,
  filter,
  orgParameter,
  onClose,
}: {
  /** The range and filters in words. */
  readonly what: string
  readonly filter: () => Readonly<Record<string, unknown>>
  readonly orgParameter: string
  readonly onClose: () => void
}) {
  const [every, setEvery] = useState<number>(1_500)
  const jobs = useRead(`${path}${orgParameter}`, exportJobs, { every })
  const start = useChange({
    request: (format: ExportJob['format']) => ({
      path: `${path}${orgParameter}`,
      method: 'POST' as const,
      json: { format, filter: filter() },
    }),
    schema: exportJob,
    touches: [path],
    onDone: () => setEvery(1_500),
  })
  return (
    <Drawer title="Export" onClose={onClose}>
      <section className="stack-tight" aria-label="New export">
        <p>{what}</p>
        <div className="row">
          <Button kind="main" isBusy={start.isRunning} onClick={() => start.run('ndjson')}>
            Export as NDJSON
          </Button>
          <Button isBusy={start.isRunning} onClick={() => start.run('csv')}>
            Export as CSV
          </Button>
        </div>
        <p className="small muted">
          NDJSON comes with a signed manifest, so that anybody with the public key can verify it offline with{' '}
          <code>gatehouse audit verify</code>. CSV is for reading in a spreadsheet. Asking and downloading are
          logged.
        </p>
        {start.error !== undefined && <ErrorState error={start.error} title="The export was not started" />}
      </section>
      <section className="stack" aria-labelledby="exports">
        <h3 id="exports">Exports of this org</h3>
        <Reading read={jobs} lines={3}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title="No export yet" />
            ) : (
              <ul role="list" className="stack divided" aria-live="polite">
                {items.map((job) => (
                  <Job key={job.uid} job={job} orgParameter={orgParameter} />
                ))}
              </ul>
            )
          }
        </Reading>
      </section>
    </Drawer>
  )
}
