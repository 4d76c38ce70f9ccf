import type { Me, MyDataSource } from '../api/me.ts'
import { BreakableText } from './breakable-text.tsx'

function list(items: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(items)
}

/** "role viewer, through team Signals": each path to this data source once. */
export function reasonOf({ because }: MyDataSource): string {
  return list([...new Set(because.map(({ role, via }) => `the role ${role} through ${via}`))])
}

function Access({ source }: { readonly source: MyDataSource }) {
  return (
    <li className="stack-tight">
      <h3>{source.name}</h3>
      <p>You see {list(source.words)}.</p>
      {source.selectors.map((selector) => (
        <code key={selector} className="selector">
          <BreakableText text={selector} />
        </code>
      ))}
      <p className="small muted">By {reasonOf(source)}.</p>
    </li>
  )
}

/** What I may query, in words and as the matchers that are added to every query. */
export function AccessCard({ me }: { readonly me: Me }) {
  return (
    <section className="card stack" aria-labelledby="access">
      <h2 id="access">What you can query</h2>
      {me.dataSources.length === 0 ? (
        <p>
          No data source of {me.org.name} is open to you. If you need to query, ask an admin of {me.org.name}{' '}
          for a role such as <strong>viewer</strong>.
        </p>
      ) : (
        <>
          <p className="muted">
            Gatehouse adds these matchers to every selector you send; nothing outside them is read.
          </p>
          <ul role="list" className="stack divided">
            {me.dataSources.map((source) => (
              <Access key={source.uid} source={source} />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
