import { useState } from 'react'
import { useChange, useRead } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { agoText, Time } from '../parts/time.tsx'
import { bytesText, lagText } from '../parts/quantities.ts'
import { type Finding, type Status, status, type Target, verification, verifications } from './model.ts'

type Level = 'good' | 'caution' | 'danger'

interface Sign {
  readonly level: Level
  readonly text: string
}

function lagging({ name, lagSeconds, failingSince }: Target): Sign | undefined {
  if (failingSince !== null)
    return {
      level: 'danger',
      text: `${name} takes nothing since ${agoText(Date.parse(failingSince), Date.now())}`,
    }
  if (lagSeconds !== null && lagSeconds > 300)
    return { level: 'caution', text: `${name} lags ${lagText(lagSeconds)}` }
  return undefined
}

/** What there is to say of the log, the worst first. */
export function signsOf(value: Status, now: number): readonly Sign[] {
  const { checkpoint, verification: last, gaps, anchors, sinks, spool } = value
  const signs: (Sign | undefined)[] = [
    gaps.length > 0 ? { level: 'danger', text: `${gaps.length} gaps found` } : undefined,
    last !== null && last.findings.length > 0
      ? { level: 'danger', text: 'the last verification found faults' }
      : undefined,
    spool.refusing === null ? undefined : { level: 'danger', text: `no event is taken: ${spool.refusing}` },
    ...[...anchors, ...sinks].map(lagging),
    checkpoint === null
      ? { level: 'caution', text: 'not sealed yet' }
      : { level: 'good', text: `sealed ${agoText(Date.parse(checkpoint.at), now)}` },
    last === null
      ? { level: 'caution', text: 'never verified' }
      : { level: 'good', text: `verified ${agoText(Date.parse(last.at), now)}` },
  ]
  const order: readonly Level[] = ['danger', 'caution', 'good']
  return signs
    .filter((sign) => sign !== undefined)
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  if (findings.length === 0) return <p>Nothing is missing, changed or out of order.</p>
  return (
    <div className="notice notice-danger stack-tight">
      <p>
        <strong>The log is not what was written.</strong> Keep an export and the database as they are, stop
        whoever can write to the database, and compare with the checkpoints of the anchors.
      </p>
      <ul>
        {findings.map(({ fault, message, id }) => (
          <li key={`${fault} ${id ?? message}`}>{message}</li>
        ))}
      </ul>
    </div>
  )
}

/** Verifies the whole log now and says how far it is. */
function Verify({ orgParameter }: { readonly orgParameter: string }) {
  const path = `/api/v1/audit/verifications`
  const [every, setEvery] = useState<number>()
  const jobs = useRead(`${path}${orgParameter}`, verifications, { every })
  const start = useChange({
    request: () => ({ path: `${path}${orgParameter}`, method: 'POST' as const }),
    schema: verification,
    touches: [path],
    onDone: () => setEvery(1_000),
  })
  const job = jobs.value?.items[0]
  const isRunning = job?.state === 'queued' || job?.state === 'running'
  return (
    <div className="stack-tight">
      <div className="row">
        <Button isSmall isBusy={isRunning || start.isRunning} onClick={() => start.run(undefined)}>
          {isRunning ? 'Verifying…' : 'Verify now'}
        </Button>
        {isRunning && (
          <>
            <progress
              aria-label="Verification"
              value={job.events}
              max={Math.max(1, job.expected ?? job.events, job.events)}
            />
            <span className="small muted" role="status">
              {job.events.toLocaleString('en-GB')} events read
            </span>
          </>
        )}
      </div>
      {start.error !== undefined && <ErrorState error={start.error} />}
      {every !== undefined && job?.state === 'done' && job.report !== null && (
        <div role="status">
          <Findings findings={job.report.findings} />
        </div>
      )}
      {job?.state === 'failed' && (
        <p className="notice notice-danger">
          The verification did not finish: {job.error ?? 'no reason is known'}.
        </p>
      )}
    </div>
  )
}

function Targets({ title, targets }: { readonly title: string; readonly targets: readonly Target[] }) {
  return (
    <Table
      caption={title}
      rows={targets}
      rowKey={({ name }) => name}
      columns={[
        { id: 'name', title: 'Name', cell: ({ name }) => name },
        {
          id: 'state',
          title: 'State',
          cell: (target) => {
            const sign = lagging(target)
            return sign === undefined ? (
              <Badge kind="good">takes events</Badge>
            ) : (
              <Badge kind={sign.level}>{sign.text}</Badge>
            )
          },
        },
        {
          id: 'at',
          title: 'Last',
          cell: ({ at }) => (at === null ? 'never' : <Time at={at} isRelative />),
        },
      ]}
    />
  )
}

function Details({ value, orgParameter }: { readonly value: Status; readonly orgParameter: string }) {
  const { checkpoint, verification: last, key, anchors, sinks, spool } = value
  return (
    <div className="stack">
      <Verify orgParameter={orgParameter} />
      {last !== null && <Findings findings={[...last.findings, ...value.gaps]} />}
      <dl className="facts">
        <div>
          <dt>Events</dt>
          <dd>
            {value.events.toLocaleString('en-GB')}, of these {value.unsealed.toLocaleString('en-GB')} not
            sealed yet
          </dd>
        </div>
        <div>
          <dt>Checkpoint</dt>
          <dd>
            {checkpoint === null ? (
              'none yet'
            ) : (
              <>
                number {checkpoint.number.toLocaleString('en-GB')}, <Time at={checkpoint.at} />
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Last verification</dt>
          <dd>
            {last === null ? (
              'never'
            ) : (
              <>
                <Time at={last.at} />, {last.events.toLocaleString('en-GB')} events in{' '}
                {last.seconds.toFixed(1)} s
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Public key</dt>
          <dd>
            {key === null ? (
              'no key is configured: nothing is sealed'
            ) : (
              <code className="hash">{key.publicKey}</code>
            )}
          </dd>
        </div>
        <div>
          <dt>Waiting to be stored</dt>
          <dd>
            {bytesText(spool.bytes)}
            {spool.lagSeconds > 1 ? `, for ${lagText(spool.lagSeconds)}` : ''}
          </dd>
        </div>
      </dl>
      {anchors.length > 0 && <Targets title="Anchors: copies of checkpoints outside" targets={anchors} />}
      {sinks.length > 0 && <Targets title="Sinks: copies of events outside" targets={sinks} />}
    </div>
  )
}

/** Whether the log is whole, in one line; everything behind it on request. */
export function Integrity({
  orgParameter,
  isOpen,
  onOpen,
}: {
  readonly orgParameter: string
  readonly isOpen: boolean
  readonly onOpen: (isOpen: boolean) => void
}) {
  const read = useRead(`/api/v1/audit/status${orgParameter}`, status, { every: 30_000 })
  return (
    <section className="card stack integrity" aria-labelledby="integrity">
      <Reading read={read} lines={1}>
        {(value) => (
          <>
            <div className="row row-apart">
              <div className="row">
                <h2 id="integrity">Integrity</h2>
                {signsOf(value, Date.now()).map(({ level, text }) => (
                  <Badge key={text} kind={level}>
                    {text}
                  </Badge>
                ))}
              </div>
              <Button isSmall kind="quiet" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
                {isOpen ? 'Hide details' : 'Show details'}
              </Button>
            </div>
            {isOpen && <Details value={value} orgParameter={orgParameter} />}
          </>
        )}
      </Reading>
    </section>
  )
}
