import { type ReactNode, useState } from 'react'
import * as z from 'zod/mini'
import { useCan, useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { TextField } from '../parts/field.tsx'
import { Drawer } from '../parts/overlay.tsx'
import { Promql, PromqlDiff } from '../parts/promql.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { bytesText, durationText } from '../parts/quantities.ts'
import { type Item, neighbours } from './model.ts'
import { hiddenValues, resultKinds, targetText, whoText } from './words.ts'

type Fact = readonly [name: string, value: ReactNode]

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  const told = facts.filter(([, value]) => value !== undefined && value !== null && value !== '')
  return (
    <dl className="facts">
      {told.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const revealed = z.object({
  values: z.array(z.object({ hash: z.string(), label: z.string(), value: z.string() })),
})

/** Shows the values that the log keeps hidden; asking is an event of its own, with the reason. */
function Reveal({ hashes }: { readonly hashes: readonly string[] }) {
  const [reason, setReason] = useState('')
  const [error, setError] = useState<string>()
  const change = useChange({
    request: (why: string) => ({
      path: '/api/v1/audit/reveal',
      method: 'POST' as const,
      json: { hashes, reason: why },
    }),
    schema: revealed,
    touches: [],
  })
  if (change.value !== undefined)
    return (
      <Facts facts={change.value.values.map(({ hash, label, value }) => [hash, `${label} = ${value}`])} />
    )
  return (
    <form
      className="stack-tight"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (reason.trim().length < 10) setError('Say in at least 10 characters why you need to see them.')
        else change.run(reason.trim())
      }}
    >
      <p className="small muted">
        {hashes.length === 1 ? 'A value is hidden' : `${hashes.length} values are hidden`} here because it may
        be personal. Showing it is logged with your reason.
      </p>
      <TextField label="Why you need to see it" value={reason} onText={setReason} error={error} isSmall />
      {change.error !== undefined && <ErrorState error={change.error} />}
      <span>
        <Button type="submit" isSmall isBusy={change.isRunning}>
          Show hidden values
        </Button>
      </span>
    </form>
  )
}

function Asked({ item: { event, isRedacted } }: { readonly item: Item }) {
  const query = event.request?.query
  const enforced = event.enforced ?? []
  if (isRedacted)
    return (
      <p className="notice">What was asked of the data is not shown to you: your role lists events only.</p>
    )
  if (query === undefined && enforced.length === 0) return null
  return (
    <section className="stack-tight" aria-label="Query">
      {query !== undefined && (
        <>
          <h3>As asked</h3>
          <Promql text={query} />
        </>
      )}
      {enforced.length > 0 && (
        <>
          <h3>As shards were asked</h3>
          {enforced.map((one) =>
            query === undefined ? (
              <Promql key={one} text={one} />
            ) : (
              <PromqlDiff key={one} before={query} after={one} />
            ),
          )}
        </>
      )}
    </section>
  )
}

function Because({ item: { event } }: { readonly item: Item }) {
  const can = useCan()
  const { decision, outcome } = event
  return (
    <section className="stack-tight" aria-label="Decision">
      <h3>Decision</h3>
      <p>
        <Badge kind={resultKinds[outcome.result]}>{outcome.result}</Badge>{' '}
        {decision?.reason ?? (outcome.errorCode === undefined ? '' : `error ${outcome.errorCode}`)}
      </p>
      {(decision?.because ?? []).map(({ grantUid, role, via }, i) => (
        <p key={grantUid ?? i} className="small">
          Role <strong>{role ?? '–'}</strong> {via === undefined ? '' : `through ${via.replace(':', ' ')}`}
          {grantUid !== undefined &&
            (can('grants:read') ? (
              <>
                {' '}
                (<Link to={`/access/grants/${encodeURIComponent(grantUid)}`}>grant {grantUid}</Link>)
              </>
            ) : (
              <span className="muted"> (grant {grantUid})</span>
            ))}
        </p>
      ))}
    </section>
  )
}

function short(list: readonly string[] | undefined): string | undefined {
  return list === undefined || list.length === 0 ? undefined : list.join(', ')
}

function factsOf(item: Item): readonly Fact[] {
  const { event } = item
  const { from, plan, outcome, decision } = event
  return [
    ['Time', <Time key="at" at={event.at} />],
    ['UTC', <code key="utc">{event.at}</code>],
    ['Code', <code key="code">{event.code}</code>],
    ['Who', `${whoText(item)}${event.actor === null ? '' : ` (${event.actor.ref})`}`],
    ['Teams at that moment', short(event.actor?.teams)],
    [
      'Signed in by',
      event.actor?.credential === null || event.actor?.credential === undefined
        ? undefined
        : `${event.actor.credential.kind} ${event.actor.credential.id ?? ''}`,
    ],
    ['From', [from?.address, from?.userAgent].filter((one) => one !== undefined).join(', ')],
    ['Action', event.action],
    ['On what', targetText(item)],
    ['Metrics named', short(event.metrics)],
    ['Shards asked', short(plan?.shardsAsked)],
    ['Shards that answered', short(plan?.shardsAnswered)],
    ['Cache', plan?.cache],
    ['HTTP status', outcome.httpStatus === undefined ? undefined : String(outcome.httpStatus)],
    ['Series', outcome.series?.toLocaleString('en-GB')],
    ['Samples', outcome.samples?.toLocaleString('en-GB')],
    ['Size', outcome.bytes === null || outcome.bytes === undefined ? undefined : bytesText(outcome.bytes)],
    ['Took', durationText(outcome.durationMs)],
    ['Policy version', decision?.policyVersion],
    ['Request', event.requestId],
    ['Trace', event.traceId],
  ]
}

/** Hashes would confirm guesses of what is not shown, so they are not shown either. */
function LinkHash({ hash }: { readonly hash: string | null }) {
  return hash === null ? <>Shown only with the right to see queries</> : <code className="hash">{hash}</code>
}

function Chain({
  item,
  before,
  after,
  onOpen,
}: z.output<typeof neighbours> & { item: Item; onOpen: (id: string) => void }) {
  const can = useCan()
  const { org } = useMe()
  return (
    <section className="stack-tight" aria-label="Place in the chain">
      <h3>Place in the chain</h3>
      <Facts
        facts={[
          ['Writer', <code key="w">{item.writer}</code>],
          ['Number', item.seq.toLocaleString('en-GB')],
          ['Hash', <LinkHash key="h" hash={item.hash} />],
          ['Hash before', <LinkHash key="p" hash={item.prev} />],
        ]}
      />
      <div className="row">
        {before !== null && (
          <Button isSmall kind="quiet" onClick={() => onOpen(before.event.id)}>
            Event before
          </Button>
        )}
        {after !== null && (
          <Button isSmall kind="quiet" onClick={() => onOpen(after.event.id)}>
            Event after
          </Button>
        )}
        {can('audit:read') && (
          <a
            className="button button-small"
            href={`/api/v1/audit/events/${item.event.id}/proof?org=${encodeURIComponent(org.uid)}`}
            download={`proof-${item.event.id}.json`}
          >
            Download its proof
          </a>
        )}
      </div>
      <p className="small muted">
        The proof shows with the public key alone that this event stands in the sealed log; it is there once
        the next checkpoint has sealed the event, about a minute after it happened.
      </p>
    </section>
  )
}

function Rest({
  title,
  value,
}: {
  readonly title: string
  readonly value: Readonly<Record<string, unknown>> | null | undefined
}) {
  if (value === null || value === undefined || Object.keys(value).length === 0) return null
  return (
    <section className="stack-tight" aria-label={title}>
      <h3>{title}</h3>
      <Facts
        facts={Object.entries(value).map(([name, one]) => [
          name,
          typeof one === 'string' ? one : JSON.stringify(one),
        ])}
      />
    </section>
  )
}

/** One event with everything that the log holds of it. */
export function EventDrawer({
  id,
  orgParameter,
  onOpen,
  onClose,
  onFilter,
}: {
  readonly id: string
  readonly orgParameter: string
  readonly onOpen: (id: string) => void
  readonly onClose: () => void
  readonly onFilter: (name: string, value: string) => void
}) {
  const can = useCan()
  const read = useRead(`/api/v1/audit/events/${id}${orgParameter}`, neighbours)
  const title = read.value?.event.title ?? 'Event'
  return (
    <Drawer title={title} onClose={onClose}>
      <Reading read={read} lines={16}>
        {(value) => {
          const found = value.event
          const hidden = can('audit:reveal') ? hiddenValues(found) : []
          return (
            <>
              <Because item={found} />
              <Asked item={found} />
              {hidden.length > 0 && <Reveal hashes={hidden} />}
              <Facts facts={factsOf(found)} />
              <div className="row">
                {found.identity !== null && (
                  <Button isSmall onClick={() => onFilter('actor', found.identity?.uid ?? '')}>
                    Everything by {found.identity.name}
                  </Button>
                )}
                <Button isSmall onClick={() => onFilter('codes', found.event.code)}>
                  Everything with code {found.event.code}
                </Button>
              </div>
              <Rest title="Hints of the client, unverified" value={found.event.hints} />
              <Rest title="More" value={found.event.detail} />
              <Chain {...value} item={found} onOpen={onOpen} />
            </>
          )
        }}
      </Reading>
    </Drawer>
  )
}
