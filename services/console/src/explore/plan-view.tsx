import { Promql } from '../parts/promql.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { list } from '../parts/list.ts'
import type { Asked, Explanation } from './answers.ts'
import { useExplanation } from './use-explore.ts'

const kinds: Readonly<Record<string, string>> = {
  pass: 'One shard holds all series that can match; it evaluates the query as it is.',
  evaluate:
    'Shards evaluate parts of the query; Gatehouse puts their answers together and evaluates the rest exactly.',
  engine: 'The global engine of this data source answers, as the query cannot be split exactly.',
  refused: 'The query is refused: splitting it over shards could give a wrong answer.',
}

function Parts({ plan }: Pick<Explanation, 'plan'>) {
  return (
    <ol className="stack plan-parts">
      {(plan.pushedDown ?? []).map(({ expression, requests }) => (
        <li key={expression} className="stack-tight">
          <Promql text={expression} />
          <p className="small muted">
            asked of {list(new Set(requests.map(({ shard }) => shard)))}
            {requests.length > 1 && `, ${requests.length} requests`}
          </p>
        </li>
      ))}
    </ol>
  )
}

function CacheState({ cache }: Pick<Explanation, 'cache'>) {
  if (!cache.cacheable)
    return (
      <>
        {cache.because ??
          'Nothing of this answer is old enough to be kept: the newest minute is always read anew.'}
      </>
    )
  return (
    <>
      May be kept
      {cache.until === undefined ? (
        ''
      ) : (
        <>
          {' '}
          until <Time at={Number(cache.until) * 1_000} />; what is newer is always read anew
        </>
      )}
      .
    </>
  )
}

function duration(ms: number): string {
  const [size, unit] = (
    [
      [86_400_000, 'days'],
      [3_600_000, 'hours'],
      [60_000, 'minutes'],
      [1_000, 'seconds'],
    ] as const
  ).find(([each]) => ms >= each) ?? [1, 'ms']
  return `${Math.round(ms / size)} ${unit}`
}

/** What runs on which shard, what it costs, and what the cache may keep. */
export function PlanView({ asked }: { readonly asked: Asked }) {
  const { value, error, reload } = useExplanation(asked, true)
  if (error !== undefined)
    return <ErrorState error={error} title="The query cannot be planned" onRetry={reload} />
  if (value === undefined) return <Skeleton lines={6} label="Planning the query" />
  const { plan, cost, cache } = value
  return (
    <div className="stack">
      <p className={plan.kind === 'refused' ? 'notice notice-caution' : undefined}>
        {kinds[plan.kind] ?? plan.kind} {plan.because}
      </p>
      {(plan.pushedDown?.length ?? 0) > 0 && (
        <section className="stack-tight" aria-labelledby="pushed">
          <h2 id="pushed">What shards evaluate</h2>
          <Parts plan={plan} />
        </section>
      )}
      {(plan.evaluatedHere?.length ?? 0) > 0 && (
        <section className="stack-tight" aria-labelledby="here">
          <h2 id="here">What is evaluated here</h2>
          <ul className="stack-tight">
            {plan.evaluatedHere?.map((step) => (
              <li key={step}>
                <code>{step}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
      <dl className="facts">
        <dt>Selectors</dt>
        <dd>{cost.selectors}</dd>
        <dt>Requests to shards</dt>
        <dd>{cost.requests}</dd>
        <dt>Time read</dt>
        <dd>{duration(cost.range)}</dd>
        <dt>Steps</dt>
        <dd>{cost.points.toLocaleString('en-GB')}</dd>
        <dt>Cache</dt>
        <dd>
          <CacheState cache={cache} />
        </dd>
      </dl>
    </div>
  )
}
