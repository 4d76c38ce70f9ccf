import type { Me, MyDataSource } from '../api/me.ts'
import { BreakableText } from '../parts/breakable-text.tsx'
import { list } from '../parts/list.ts'
import { Promql } from '../parts/promql.tsx'
import { Link } from '../router/link.tsx'
import { exploreLink } from '../explore/address.ts'
import { Freshness } from './freshness.tsx'

/** "the role viewer through team Signals": each path to this data source once. */
export function reasonOf({ because }: Pick<MyDataSource, 'because'>): string {
  return list([...new Set(because.map(({ role, via }) => `the role ${role} through ${via}`))])
}

function Source({ source }: { readonly source: MyDataSource }) {
  return (
    <li className="stack-tight">
      <div className="row row-apart">
        <h3>
          <BreakableText text={source.name} />
        </h3>
        <Link to={exploreLink({ source: source.uid, expr: '' })}>
          Explore<span className="visually-hidden"> {source.name}</span>
        </Link>
      </div>
      <Freshness source={source} />
      <p>
        You see {list(source.words)}, by {reasonOf(source)}.
      </p>
      {source.selectors
        .filter((selector) => selector !== '{}')
        .map((selector) => (
          <Promql key={selector} text={selector} />
        ))}
    </li>
  )
}

/** What I may query: how fresh it is, in words, and as the matchers that are added to every query. */
export function SourcesCard({ me }: { readonly me: Me }) {
  return (
    <section className="card stack" aria-labelledby="sources">
      <h2 id="sources">What you can query</h2>
      {me.dataSources.length === 0 ? (
        <p>
          No data source of {me.org.name} is open to you for queries of your own. If you need one, ask an
          admin of {me.org.name} for a role such as <strong>viewer</strong>.
        </p>
      ) : (
        <>
          <p className="muted small">
            Gatehouse adds these matchers to every selector you send; nothing outside them is read.
          </p>
          <ul role="list" className="stack divided">
            {me.dataSources.map((source) => (
              <Source key={source.uid} source={source} />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
