import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { ApiError } from '../api/client.ts'
import type { Me, MyDataSource } from '../api/me.ts'
import { type QueryAnswer, runQuery } from '../api/query.ts'
import { BreakableText } from './breakable-text.tsx'
import { Problem } from './problem.tsx'

const maxRows = 100

type Outcome =
  | { readonly state: 'none' | 'running' }
  | { readonly state: 'done'; readonly answer: QueryAnswer; readonly ms: number }
  | { readonly state: 'failed'; readonly error: ApiError }

function ResultTable({ rows }: Pick<QueryAnswer, 'rows'>) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Result">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col" className="number">
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, maxRows).map(({ series, value }) => (
            <tr key={series}>
              <td className="mono">
                <BreakableText text={series} />
              </td>
              <td className="number">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Failure({ error }: { readonly error: ApiError }) {
  if (error.status !== 401) return <Problem title="The query was not answered">{error.message}</Problem>
  return (
    <Problem title="Your session has ended">
      <span>
        <a href="/sign-in" target="_blank" rel="noopener">
          Sign in again in a new tab
        </a>
        , then run the query here once more. Nothing you typed is lost.
      </span>
    </Problem>
  )
}

function statusOf(outcome: Outcome): string {
  if (outcome.state === 'running') return 'Running…'
  if (outcome.state !== 'done') return ''
  const { rows } = outcome.answer
  const count = rows.length === 1 ? '1 series' : `${rows.length} series`
  const shown = rows.length > maxRows ? `, the first ${maxRows} shown` : ''
  return `${count}${shown}, answered in ${outcome.ms} ms`
}

function Result({ outcome }: { readonly outcome: Outcome }) {
  return (
    <>
      {outcome.state === 'failed' && <Failure error={outcome.error} />}
      {outcome.state === 'done' && (
        <>
          {outcome.answer.notes.map((note) => (
            <p key={note} className="notice notice-caution">
              {note}
            </p>
          ))}
          {outcome.answer.rows.length > 0 ? (
            <ResultTable rows={outcome.answer.rows} />
          ) : (
            <p className="notice">
              No series. Either nothing has this name and these labels now, or it lies outside what you can
              query.
            </p>
          )}
        </>
      )}
    </>
  )
}

/** Runs one query at a time; a newer one replaces the older. */
function useQuery(org: string) {
  const [outcome, setOutcome] = useState<Outcome>({ state: 'none' })
  const running = useRef<AbortController>(undefined)
  const run = (dataSource: string, query: string): void => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    const { signal } = controller
    const started = performance.now()
    setOutcome({ state: 'running' })
    runQuery(dataSource, query, { org, signal }).then(
      (answer) => {
        if (!signal.aborted)
          setOutcome({ state: 'done', answer, ms: Math.round(performance.now() - started) })
      },
      (error: unknown) => {
        if (signal.aborted) return
        setOutcome({
          state: 'failed',
          error: error instanceof ApiError ? error : new ApiError(0, String(error)),
        })
      },
    )
  }
  return [outcome, run] as const
}

interface QueryCardProps {
  readonly me: Me
  readonly source: MyDataSource
  readonly query: string
  readonly onSource: (uid: string) => void
  readonly onQuery: (query: string) => void
}

function SourceField({ me, source, onSource }: Pick<QueryCardProps, 'me' | 'source' | 'onSource'>) {
  if (me.dataSources.length < 2) return null
  return (
    <div className="field">
      <label htmlFor="source">Data source</label>
      <select
        id="source"
        className="input"
        value={source.uid}
        onChange={(event) => onSource(event.currentTarget.value)}
      >
        {me.dataSources.map(({ uid, name }) => (
          <option key={uid} value={uid}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}

function QueryField({
  query,
  onQuery,
  onSubmit,
}: Pick<QueryCardProps, 'query' | 'onQuery'> & { onSubmit: () => void }) {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    onSubmit()
  }
  return (
    <div className="field">
      <label htmlFor="query">PromQL</label>
      <textarea
        id="query"
        className="input"
        rows={3}
        required
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-describedby="query-hint"
        value={query}
        onChange={(event) => onQuery(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <span id="query-hint" className="small muted">
        Ctrl + Enter runs it.
      </span>
    </div>
  )
}

/** Try a query: the same path, checks and answer as for every other client. */
export function QueryCard({ me, source, query, onSource, onQuery }: QueryCardProps) {
  const [outcome, run] = useQuery(me.org.uid)
  const submit = (): void => run(source.uid, query)
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault()
    submit()
  }
  return (
    <section className="card stack" aria-labelledby="try">
      <h2 id="try">Try a query</h2>
      <form className="stack" onSubmit={onSubmit}>
        <SourceField me={me} source={source} onSource={onSource} />
        <QueryField query={query} onQuery={onQuery} onSubmit={submit} />
        <div className="row">
          <button type="submit" className="button button-main">
            Run query
          </button>
          <span role="status" className="small muted">
            {statusOf(outcome)}
          </span>
        </div>
      </form>
      <Result outcome={outcome} />
    </section>
  )
}
