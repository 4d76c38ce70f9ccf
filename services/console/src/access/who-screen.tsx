import { type FormEvent, useState } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { ask, toApiError } from '../api/client.ts'
import { useMe } from '../api/me-context.ts'
import { saveText, toCsv } from '../charts/csv.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { Select, TextField } from '../parts/field.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { useSearchState } from '../router/location.ts'
import { list } from '../parts/list.ts'
import { AccessPage } from './frame.tsx'
import { type Holder, who } from './model.ts'
import { subjectLink, viaText } from './words.ts'

/** A metric's name as a selector; anything else is one already. */
export function toSelector(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return '{}'
  return /^[A-Za-z_:][\w:]*$/.test(trimmed) ? `{__name__="${trimmed}"}` : trimmed
}

function Paths({ because }: Pick<Holder, 'because'>) {
  return (
    <ul role="list">
      {because.map(({ grantUid, role, via }) => (
        <li key={grantUid}>
          role {role} through {viaText(via)} (
          <Link to={`/access/grants/${encodeURIComponent(grantUid)}`}>grant {grantUid}</Link>)
          {role === 'break-glass' && <Badge kind="caution">break-glass</Badge>}
        </li>
      ))}
    </ul>
  )
}

/** Everybody who can read something, and by which grant; from there a grant is a press away from being revoked. */
export default function WhoScreen() {
  const me = useMe()
  const [search, change] = useSearchState()
  const source = search.get('source') ?? me.dataSources[0]?.uid ?? ''
  const selector = search.get('selector')
  const [text, setText] = useState(selector ?? '')
  const query = useInfiniteQuery({
    queryKey: [me.org.uid, '/api/v1/access/who', source, selector],
    enabled: selector !== null && source !== '',
    initialPageParam: '',
    retry: false,
    queryFn: ({ pageParam, signal }) =>
      ask(
        `/api/v1/access/who?limit=100${pageParam === '' ? '' : `&cursor=${encodeURIComponent(pageParam)}`}`,
        who,
        {
          method: 'POST',
          org: me.org.uid,
          signal,
          json: {
            action: 'datasources:query',
            resource: { kind: 'data-source', uid: source },
            selector: toSelector(selector ?? ''),
          },
        },
      ),
    getNextPageParam: ({ next }) => next,
  })
  const holders = query.data?.pages.flatMap(({ items }) => items) ?? []
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    change({ source, selector: text.trim() === '' ? '{}' : text.trim() })
  }
  const download = (): void =>
    saveText(
      'who-can-see.csv',
      toCsv(
        ['kind', 'uid', 'name', 'series', 'because', 'until'],
        holders.map(({ kind, uid, name, constraints, because, until }) => [
          kind,
          uid,
          name,
          constraints.selectors.join(' or '),
          because.map(({ role, via, grantUid }) => `${role} via ${via} by ${grantUid}`).join('; '),
          until ?? '',
        ]),
      ),
      'text/csv',
    )
  return (
    <AccessPage
      title="Who can see this"
      tools={
        holders.length > 0 && (
          <Button isSmall onClick={download}>
            Save as CSV
          </Button>
        )
      }
    >
      <form className="card stack" onSubmit={submit} noValidate>
        <div className="form-grid">
          <Select
            label="Data source"
            value={source}
            onText={(next) => change({ source: next }, { replace: true })}
            options={me.dataSources.map(({ uid, name }) => ({ value: uid, text: name }))}
          />
          <TextField
            label="Metric or selector"
            hint={<>A name, or {'{job="api",env="prod"}'}. Empty for every series.</>}
            value={text}
            onText={setText}
            spellCheck={false}
            autoCapitalize="off"
          />
        </div>
        <div>
          <Button type="submit" kind="main" isBusy={query.isFetching}>
            Find out
          </Button>
        </div>
      </form>
      {query.error !== null && (
        <ErrorState error={toApiError(query.error)} title="This cannot be looked up" />
      )}
      {query.isFetching && holders.length === 0 && <Skeleton lines={6} label="Looking through all grants" />}
      {query.isSuccess && holders.length === 0 && (
        <EmptyState title="Nobody can see this">
          <p>No grant in force leads to a series that this selector can name.</p>
        </EmptyState>
      )}
      {holders.length > 0 && (
        <>
          <p role="status">
            {holders.length === 1 ? 'One account' : `${holders.length} accounts`} can see{' '}
            {query.hasNextPage ? 'this, and more' : 'this'}.
          </p>
          <Table
            caption="Who can see this"
            isCaptionHidden
            rows={holders}
            rowKey={({ kind, uid }) => `${kind} ${uid}`}
            columns={[
              {
                id: 'name',
                title: 'Who',
                sortBy: ({ name }) => name,
                cell: ({ kind, uid, name }) => (
                  <>
                    <Link to={subjectLink({ kind, uid })}>{name}</Link>
                    {kind === 'service-account' && <span className="small muted"> service account</span>}
                  </>
                ),
              },
              {
                id: 'what',
                title: 'Which of these series',
                cell: ({ overlap, constraints }) =>
                  overlap === 'all' ? 'all of them' : list(constraints.words),
              },
              { id: 'because', title: 'By which path', cell: (holder) => <Paths {...holder} /> },
              {
                id: 'until',
                title: 'Until',
                cell: ({ until }) => (until === null ? 'no end' : <Time at={until} />),
              },
            ]}
          />
          {query.hasNextPage && (
            <Button isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          )}
        </>
      )}
    </AccessPage>
  )
}
