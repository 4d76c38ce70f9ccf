import { bytesText } from '../parts/quantities.ts'
import type { SystemStatus } from './status.ts'

const queryWords: Readonly<Record<string, string>> = {
  range: 'Time one query may read',
  points: 'Points per series',
  subqueryPoints: 'Points per series of a subquery',
  series: 'Series in an answer',
  samples: 'Samples one query may read',
  responseBytes: 'Size of an answer',
  queryBytes: 'Length of a query',
  depth: 'Nesting of a query',
  selectors: 'Selectors in a query',
  regexCost: 'Cost of a regular expression',
}
const slotWords: Readonly<Record<string, string>> = {
  shard: 'Requests at once on one shard',
  org: 'Requests at once of one org',
  team: 'Requests at once of one team',
  serviceAccount: 'Requests at once of one service account',
  dataSource: 'Requests at once to one data source',
}

/** A limit as people read it. */
export function limitText(name: string, value: number): string {
  if (name === 'range') return `${Math.round(value / 86_400_000).toLocaleString('en-GB')} days`
  return name.endsWith('Bytes') ? bytesText(value) : value.toLocaleString('en-GB')
}

function Fact({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  )
}

/** What a query may cost, and how callers share what there is. */
export function LimitsCard({ limits }: Pick<SystemStatus, 'limits'>) {
  const { query, slots, rates, maxQueued, queueWaitMs, overrides } = limits
  return (
    <section className="card stack" aria-labelledby="limits">
      <h2 id="limits">Limits in force</h2>
      <p className="muted small">
        A request over a limit is refused with the number and what would fit.{' '}
        {overrides === 0
          ? 'They are the same for every org.'
          : `${overrides} ${overrides === 1 ? 'entry narrows' : 'entries narrow'} them for an org or a part of one.`}
      </p>
      <dl className="limits">
        {Object.entries(query).map(([name, value]) => (
          <Fact key={name} title={queryWords[name] ?? name} text={limitText(name, value)} />
        ))}
        {Object.entries(slots).map(([name, value]) => (
          <Fact
            key={name}
            title={slotWords[name] ?? name}
            text={value === null ? 'no limit' : value.toLocaleString('en-GB')}
          />
        ))}
        <Fact
          title="Waiting for a turn"
          text={`${maxQueued.toLocaleString('en-GB')} requests of one org, ${queueWaitMs / 1_000} s at most`}
        />
        {Object.entries(rates).map(([name, rate]) => (
          <Fact
            key={name}
            title={
              name === 'org'
                ? 'Requests per second of one org'
                : 'Requests per second of one person or account'
            }
            text={rate === null ? 'no limit' : `${rate.perSecond} (${rate.burst} at once)`}
          />
        ))}
      </dl>
    </section>
  )
}
