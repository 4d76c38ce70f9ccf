import { useCallback, useEffect, useState } from 'react'
import { type Me, readMe } from '../api/me.ts'
import { useResource } from '../api/use-resource.ts'
import { AccessCard } from '../parts/access-card.tsx'
import { Alone } from '../parts/alone.tsx'
import { ConnectCard } from '../parts/connect-card.tsx'
import { QueryCard } from '../parts/query-card.tsx'
import { TopBar } from '../parts/top-bar.tsx'
import { SignIn } from './sign-in.tsx'

const orgKey = 'gatehouse.org'

/** The org of this tab; others may work in another one. */
function useOrg(): readonly [string | undefined, (uid: string | undefined) => void] {
  const [org, setOrg] = useState(() => sessionStorage.getItem(orgKey) ?? undefined)
  const choose = useCallback((uid: string | undefined) => {
    if (uid === undefined) sessionStorage.removeItem(orgKey)
    else sessionStorage.setItem(orgKey, uid)
    setOrg(uid)
  }, [])
  return [org, choose]
}

function Roles({ me }: { readonly me: Me }) {
  return (
    <ul role="list" className="stack-tight">
      {me.roles.map(({ name, description, via, where }) => (
        <li key={`${name} ${via} ${where}`}>
          <strong>{name}</strong> <span className="muted">through {via}</span>
          {where !== me.org.name && <span className="muted">, on {where}</span>}
          {description !== '' && <div className="small muted">{description}.</div>}
        </li>
      ))}
    </ul>
  )
}

function Person({ me }: { readonly me: Me }) {
  const teams = me.teams.map(({ name }) => name)
  return (
    <section className="card stack" aria-labelledby="person">
      <h2 id="person">Who you are here</h2>
      <dl className="facts">
        <dt>Name</dt>
        <dd>{me.name}</dd>
        <dt>Org</dt>
        <dd>{me.org.name}</dd>
        <dt>{teams.length === 1 ? 'Team' : 'Teams'}</dt>
        <dd>{teams.length === 0 ? 'none' : new Intl.ListFormat('en').format(teams)}</dd>
        <dt>Signed in by</dt>
        <dd>{me.issuer?.title ?? 'a token'}</dd>
        <dt>{me.roles.length === 1 ? 'Role' : 'Roles'}</dt>
        <dd>{me.roles.length === 0 ? 'none' : <Roles me={me} />}</dd>
      </dl>
    </section>
  )
}

function SignedIn({ me, onOrg }: { readonly me: Me; readonly onOrg: (uid: string) => void }) {
  const [chosen, setChosen] = useState('')
  const [query, setQuery] = useState('count by (__name__) ({__name__=~".+"})')
  const source = me.dataSources.find(({ uid }) => uid === chosen) ?? me.dataSources[0]
  useEffect(() => {
    document.title = `${me.org.name} – Gatehouse`
  }, [me.org.name])
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <TopBar me={me} onOrg={onOrg} />
      <main id="main" className="main" tabIndex={-1}>
        <h1>Welcome, {me.name}</h1>
        <div className="columns">
          <div className="stack">
            <Person me={me} />
            <AccessCard me={me} />
          </div>
          {source !== undefined && (
            <div className="stack">
              <QueryCard
                key={me.org.uid}
                me={me}
                source={source}
                query={query}
                onSource={setChosen}
                onQuery={setQuery}
              />
              <ConnectCard source={source} query={query} />
            </div>
          )}
        </div>
      </main>
    </>
  )
}

function Waiting() {
  return (
    <p className="alone muted" role="status">
      Loading…
    </p>
  )
}

/** Who I am, what I may query, and a place to try it. */
export function HomePage() {
  const [org, setOrg] = useOrg()
  const read = useCallback((signal: AbortSignal) => readMe(org, signal), [org])
  const [loaded, reload] = useResource(read)
  if (loaded.state === 'loading') return <Waiting />
  if (loaded.state === 'ready') return <SignedIn me={loaded.value} onOrg={setOrg} />
  const { error } = loaded
  if (error.status === 401) return <SignIn returnTo={location.pathname + location.search} />
  const again = (): void => {
    // The org of this tab may be one the person has left.
    setOrg(undefined)
    reload()
  }
  return (
    <Alone title={error.status === 403 ? 'Nothing for you here yet' : 'This did not work'}>
      <p>{error.message}</p>
      <button type="button" className="button button-main" onClick={again}>
        Try again
      </button>
    </Alone>
  )
}
