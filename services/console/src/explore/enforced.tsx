import type { Me } from '../api/me.ts'
import { useMe } from '../api/me-context.ts'
import { Promql, PromqlDiff } from '../parts/promql.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { list } from '../parts/list.ts'
import type { Asked, Explanation } from './answers.ts'
import { explainMatchers, type Reason } from './matchers.ts'
import { useExplanation } from './use-explore.ts'

function viaInWords(via: string, me: Me): string {
  const [kind = '', uid = ''] = via.split(':')
  if (kind === 'team') return `team ${me.teams.find((team) => team.uid === uid)?.name ?? uid}`
  return kind === 'service-account' ? 'your service account' : 'a grant of your own'
}

function ReasonLine({
  reason,
  me,
  value,
}: {
  readonly reason: Reason
  readonly me: Me
  readonly value: Explanation
}) {
  switch (reason.kind) {
    case 'grant':
      return (
        <>
          The grant of the role <strong>{reason.role}</strong> to {viaInWords(reason.via, me)} is for these
          series only
          {me.actions.includes('grants:read') ? (
            <>
              {' '}
              (<Link to={`/access/grants/${encodeURIComponent(reason.grant)}`}>grant {reason.grant}</Link>)
            </>
          ) : (
            <span className="small muted"> (grant {reason.grant})</span>
          )}
          .
        </>
      )
    case 'guardrail':
      return (
        <>
          A guardrail of {me.org.name} hides series with <code>{reason.excludes}</code> from everybody.
        </>
      )
    case 'tenant':
      return (
        <>
          {me.org.name} owns the {value.imposedBy.tenants.length === 1 ? 'tenant' : 'tenants'}{' '}
          {list(value.imposedBy.tenants)}: nobody in it reads another tenant’s series.
        </>
      )
  }
}

function Why({ value }: { readonly value: Explanation }) {
  const me = useMe()
  const matchers = explainMatchers(value)
  if (matchers.length === 0) return <p>Nothing is added: you see every series of this data source.</p>
  return (
    <dl className="why">
      {matchers.map(({ text, reasons }) => (
        <div key={text}>
          <dt>
            <code className="tok-added">{text}</code>
          </dt>
          {reasons.map((reason) => (
            <dd key={JSON.stringify(reason)}>
              <ReasonLine reason={reason} me={me} value={value} />
            </dd>
          ))}
        </div>
      ))}
    </dl>
  )
}

function Sent({ value }: { readonly value: Explanation }) {
  if (value.enforced.length === 0)
    return (
      <p className="notice">
        No shard is asked: {value.plan.because ?? 'the answer does not depend on series'}.
      </p>
    )
  return value.enforced.map((query) => <PromqlDiff key={query} before={value.query} after={query} />)
}

/** The query as written beside what shards are asked, with the reason for each matcher that was added. */
export function Enforced({ asked }: { readonly asked: Asked }) {
  const { value, error, reload } = useExplanation(asked, true)
  if (error !== undefined)
    return <ErrorState error={error} title="The query cannot be explained" onRetry={reload} />
  if (value === undefined) return <Skeleton lines={6} label="Explaining the query" />
  return (
    <div className="stack">
      <div className="side-by-side">
        <section className="stack-tight" aria-labelledby="as-written">
          <h2 id="as-written">As written</h2>
          <Promql text={value.query} />
        </section>
        <section className="stack-tight" aria-labelledby="as-sent">
          <h2 id="as-sent">As shards are asked</h2>
          <Sent value={value} />
          {value.enforced.length > 0 && (
            <p className="small muted">Underlined parts were added by Gatehouse to each selector.</p>
          )}
        </section>
      </div>
      <section className="stack-tight" aria-labelledby="why">
        <h2 id="why">What was added, and why</h2>
        {value.constraints.length > 1 && (
          <p>
            You have {value.constraints.length} alternatives; a series is shown if it fits one of them:{' '}
            {value.constraints.map((selector) => (
              <Promql key={selector} text={selector} />
            ))}
          </p>
        )}
        <Why value={value} />
      </section>
    </div>
  )
}
