import type { ReactNode } from 'react'
import { useRead } from '../api/use-api.ts'
import { useCan } from '../api/me-context.ts'
import { Badge } from '../parts/chips.tsx'
import { Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { bytesText } from '../parts/quantities.ts'
import { cacheShare } from './shard-rows.ts'
import { auditStatusSchema, type SystemStatus } from './status.ts'

function Card({
  id,
  title,
  children,
}: {
  readonly id: string
  readonly title: string
  readonly children: ReactNode
}) {
  return (
    <section className="card stack" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}

function percent(share: number): string {
  return new Intl.NumberFormat('en-GB', { style: 'percent', maximumFractionDigits: 0 }).format(share)
}

/** Whether queries are answered, and how many wait. */
export function GatewayCard({ status }: { readonly status: SystemStatus }) {
  const { gateway, policyVersion, control } = status
  const { byCode, inFlight } = gateway.requests
  const all = Object.values(byCode).reduce((sum, count) => sum + count, 0)
  const failed = Object.entries(byCode).reduce((sum, [code, count]) => sum + (code >= '500' ? count : 0), 0)
  return (
    <Card id="gateway" title="Gateway">
      <p>
        {gateway.ready ? <Badge kind="good">ready</Badge> : <Badge kind="danger">not ready</Badge>}{' '}
        {gateway.problem ?? 'It answers queries.'}
      </p>
      <dl className="facts">
        <dt>Requests</dt>
        <dd>
          {all.toLocaleString('en-GB')} since it started, {failed.toLocaleString('en-GB')} with a server error
        </dd>
        <dt>Now</dt>
        <dd>
          {inFlight} in flight, {gateway.queue.running} on shards, {gateway.queue.waiting} waiting
        </dd>
        <dt>Policy version of the platform’s org</dt>
        <dd>
          <code>{policyVersion}</code>
        </dd>
        <dt>Control</dt>
        <dd>
          since <Time at={control.startedAt} />, Node {control.node}
        </dd>
      </dl>
    </Card>
  )
}

/** What the results cache answers and holds. */
export function CacheCard({ cache }: Pick<SystemStatus['gateway'], 'cache'>) {
  const share = cacheShare(cache.byResult)
  const words = {
    hit: 'Answered whole',
    extended: 'Answered in part',
    follower: 'Shared with another request',
    stale: 'Old, as shards did not answer',
    miss: 'Not there yet',
    bypass: 'Of a kind that is not kept',
  }
  return (
    <Card id="cache" title="Cache">
      <p>
        {share === undefined
          ? 'Nothing was asked of it yet.'
          : `${percent(share)} of the requests were answered from it, wholly or in part.`}
      </p>
      <dl className="facts">
        <dt>Holds</dt>
        <dd>
          {cache.entries === 1 ? '1 answer' : `${cache.entries.toLocaleString('en-GB')} answers`},{' '}
          {bytesText(cache.bytes)}
        </dd>
        {Object.entries(words)
          .filter(([result]) => (cache.byResult[result] ?? 0) > 0)
          .map(([result, word]) => (
            <div key={result} className="contents">
              <dt>{word}</dt>
              <dd>{cache.byResult[result]?.toLocaleString('en-GB')}</dd>
            </div>
          ))}
      </dl>
    </Card>
  )
}

function SpoolState({ spool }: Pick<SystemStatus['gateway'], 'spool'>) {
  const share = spool.maxBytes === 0 ? 0 : spool.bytes / spool.maxBytes
  if (spool.refusals > 0)
    return (
      <p>
        <Badge kind="danger">refused</Badge> {spool.refusals.toLocaleString('en-GB')} requests were refused
        since the gateway started, as their event could not be written. Look at its disk.
      </p>
    )
  return (
    <p>
      {share > 0.5 ? <Badge kind="caution">filling</Badge> : <Badge kind="good">keeping up</Badge>} The
      gateway’s spool holds {bytesText(spool.bytes)} of {bytesText(spool.maxBytes)}.
    </p>
  )
}

function AuditLog() {
  const read = useRead('/api/v1/audit/status?org=*', auditStatusSchema)
  return (
    <Reading read={read} lines={3}>
      {({ events, unsealed, key, checkpoint, sinks, anchors, spool }) => (
        <dl className="facts">
          <dt>Events in the log</dt>
          <dd>{events.toLocaleString('en-GB')}</dd>
          <dt>Control’s spool</dt>
          <dd>{spool.refusing ?? `${bytesText(spool.bytes)}, oldest ${Math.round(spool.lagSeconds)} s`}</dd>
          <dt>Checkpoint</dt>
          <dd>
            {checkpoint === null ? (
              'none yet'
            ) : (
              <>
                number {checkpoint.number}, <Time at={checkpoint.at} isRelative />,{' '}
                {unsealed.toLocaleString('en-GB')} events after it
              </>
            )}
          </dd>
          <dt>Signing key</dt>
          <dd>{key === null ? 'none: checkpoints are not signed' : <code>{key.id}</code>}</dd>
          {[...sinks, ...anchors.map((anchor) => ({ ...anchor, lagSeconds: null }))].map(
            ({ name, failingSince, lagSeconds }) => (
              <div key={name} className="contents">
                <dt>Copy: {name}</dt>
                <dd>
                  {failingSince === null ? (
                    <>
                      <Badge kind="good">sent</Badge>
                      {lagSeconds !== null && ` ${Math.round(lagSeconds)} s behind`}
                    </>
                  ) : (
                    <>
                      <Badge kind="danger">failing</Badge> since <Time at={failingSince} />
                    </>
                  )}
                </dd>
              </div>
            ),
          )}
        </dl>
      )}
    </Reading>
  )
}

/** Whether every request's event reaches the log, and the log its copies. */
export function AuditCard({ spool }: Pick<SystemStatus['gateway'], 'spool'>) {
  const can = useCan()
  return (
    <Card id="audit" title="Audit spool and log">
      <SpoolState spool={spool} />
      {can('audit:list') && <AuditLog />}
      {can('audit:list') && (
        <p>
          <Link to="/audit">Open the audit log</Link>
        </p>
      )}
    </Card>
  )
}

/** The keys that an identity provider signs with, and how fresh that knowledge is. */
function SigningKeys({ keys }: Pick<SystemStatus['issuers'][number], 'keys'>) {
  if (keys === null) return <p className="small">Its signing keys are not known.</p>
  const { items, readAt, isFailing } = keys
  return (
    <>
      <p className="small">
        {isFailing ? <Badge kind="caution">keys not read</Badge> : <Badge kind="good">keys known</Badge>}{' '}
        {items.length === 1 ? '1 signing key' : `${items.length} signing keys`}
        {readAt !== null && (
          <>
            , read <Time at={readAt} isRelative />
          </>
        )}
        {isFailing && '; the last try failed, and the keys at hand are used for at most a day'}.
      </p>
      <ul role="list" className="small muted">
        {items.map(({ kid, since }) => (
          <li key={kid}>
            <code>{kid === '' ? 'without a name' : kid}</code> first seen <Time at={since} isRelative />
          </li>
        ))}
      </ul>
    </>
  )
}

/** Whether people can sign in. */
export function IssuersCard({ issuers }: Pick<SystemStatus, 'issuers'>) {
  return (
    <Card id="issuers" title="Identity providers">
      {issuers.length === 0 && <p>None is configured, so nobody can sign in; programs can use tokens.</p>}
      <ul role="list" className="stack-tight">
        {issuers.map(({ name, title, isAvailable, problem, keys }) => (
          <li key={name} className="stack-tight">
            <p>
              {isAvailable ? <Badge kind="good">answers</Badge> : <Badge kind="danger">no answer</Badge>}{' '}
              {title}
              {problem !== null && <span className="small muted">: {problem}</span>}
            </p>
            <SigningKeys keys={keys} />
          </li>
        ))}
      </ul>
    </Card>
  )
}
