import { useState } from 'react'
import * as z from 'zod/mini'
import { useCan, useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Select, TextArea } from '../parts/field.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { Promql } from '../parts/promql.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { bytesText, secondsText } from '../parts/quantities.ts'
import type { SystemStatus } from './status.ts'

const asked = {
  uid: z.string(),
  principalUid: z.string(),
  dataSourceUid: z.string(),
  endpoint: z.string(),
  query: z.nullable(z.string()),
  fingerprint: z.string(),
  seconds: z.number(),
}
const running = z.object({ items: z.array(z.object(asked)) })
const slow = z.object({
  items: z.array(
    z.object({ ...asked, at: z.string(), samples: z.number(), bytes: z.number(), dashboardUid: z.string() }),
  ),
})
type Asked = z.output<typeof running>['items'][number]
type Slow = z.output<typeof slow>['items'][number]

/** Operators see no series and no query of an org, only its shape's number. Of a look-up there may be no selector to show. */
function Query({ row: { endpoint, query, fingerprint } }: { readonly row: Asked }) {
  if (query === '') return <span className="small muted">{endpoint}</span>
  if (query !== null) return <Promql text={query} />
  return (
    <span className="small muted">
      of another org, shape <code>{fingerprint}</code>
    </span>
  )
}

const common: readonly Column<Asked>[] = [
  { id: 'query', title: 'Query', cell: (row) => <Query row={row} /> },
  {
    id: 'seconds',
    title: 'Time',
    isNumber: true,
    cell: ({ seconds }) => secondsText(seconds),
    sortBy: ({ seconds }) => seconds,
  },
  {
    id: 'by',
    title: 'Asked by',
    cell: ({ principalUid }) => principalUid,
    sortBy: ({ principalUid }) => principalUid,
  },
  { id: 'source', title: 'Data source', isExtra: true, cell: ({ dataSourceUid }) => dataSourceUid },
]

const slowColumns: readonly Column<Slow>[] = [
  ...common,
  {
    id: 'size',
    title: 'Samples read',
    isNumber: true,
    isExtra: true,
    cell: ({ samples, bytes }) => `${samples.toLocaleString('en-GB')}, ${bytesText(bytes)}`,
    sortBy: ({ samples }) => samples,
  },
  { id: 'at', title: 'When', cell: ({ at }) => <Time at={at} isRelative />, sortBy: ({ at }) => at },
]

/** Ends a query; whoever asked is told why. */
function EndDialog({
  path,
  row,
  onClose,
}: {
  readonly path: string
  readonly row: Asked
  readonly onClose: () => void
}) {
  const [reason, setReason] = useState('')
  const [isMissing, setMissing] = useState(false)
  const end = useChange({
    request: (json: { reason: string }) => ({
      path: `${path}/${encodeURIComponent(row.uid)}/cancel`,
      method: 'POST' as const,
      json,
    }),
    schema: z.object({}),
    touches: [path],
    onDone: () => {
      announce('The query is being ended.')
      onClose()
    },
  })
  const submit = (): void => {
    setMissing(reason.trim() === '')
    if (reason.trim() !== '') end.run({ reason: reason.trim() })
  }
  const actions = (
    <>
      <Button kind="danger" isBusy={end.isRunning} onClick={submit}>
        End the query
      </Button>
      <Button onClick={onClose}>Let it run</Button>
    </>
  )
  return (
    <Dialog title="End this query?" onClose={onClose} actions={actions}>
      <Query row={row} />
      <TextArea
        label="Reason"
        hint="Shown to who asked, and kept in the audit log."
        error={isMissing ? 'Say why the query is ended.' : undefined}
        value={reason}
        onText={setReason}
        rows={2}
        maxLength={500}
      />
      {end.error !== undefined && <ErrorState error={end.error} title="The query was not ended" />}
    </Dialog>
  )
}

function Running({ org }: { readonly org: string }) {
  const can = useCan()
  const path = `/api/v1/orgs/${encodeURIComponent(org)}/running-queries`
  const read = useRead(path, running, { every: 10_000 })
  const [ending, setEnding] = useState<Asked>()
  const action: Column<Asked> = {
    id: 'end',
    title: 'End it',
    cell: (row) => (
      <Button isSmall kind="danger" onClick={() => setEnding(row)}>
        End<span className="visually-hidden"> the query of {row.principalUid}</span>
      </Button>
    ),
  }
  return (
    <Reading read={read} lines={2}>
      {({ items }) => (
        <>
          {ending !== undefined && (
            <EndDialog path={path} row={ending} onClose={() => setEnding(undefined)} />
          )}
          {items.length === 0 ? (
            <p className="muted">No query has been running for a second or longer.</p>
          ) : (
            <Table
              caption="Running queries"
              isCaptionHidden
              columns={can('queries:stop') ? [...common, action] : common}
              rows={items}
              rowKey={({ uid }) => uid}
            />
          )}
        </>
      )}
    </Reading>
  )
}

function Slowest({ org }: { readonly org: string }) {
  const read = useRead(`/api/v1/orgs/${encodeURIComponent(org)}/slow-queries`, slow)
  return (
    <Reading read={read} lines={2}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="muted">No query of the last week was slow enough to be kept.</p>
        ) : (
          <Table
            caption="Slowest queries"
            isCaptionHidden
            columns={slowColumns}
            rows={items}
            rowKey={({ uid }) => uid}
          />
        )
      }
    </Reading>
  )
}

/** What runs now and what was slow, of one org at a time. */
export function QueriesCard({ dataSources }: Pick<SystemStatus, 'dataSources'>) {
  const me = useMe()
  const orgs = [...new Set(dataSources.map(({ org }) => org))].toSorted()
  const [chosen, setOrg] = useState(orgs.includes(me.org.uid) ? me.org.uid : (orgs[0] ?? me.org.uid))
  return (
    <section className="card stack" aria-labelledby="queries">
      <div className="row row-apart">
        <h2 id="queries">Queries</h2>
        {orgs.length > 1 && (
          <Select
            label="Org"
            isLabelHidden
            isSmall
            value={chosen}
            onText={setOrg}
            options={orgs.map((value) => ({ value, text: value }))}
          />
        )}
      </div>
      <section className="stack-tight" aria-labelledby="running">
        <h3 id="running">Running now</h3>
        <Running org={chosen} />
      </section>
      <section className="stack-tight" aria-labelledby="slowest">
        <h3 id="slowest">Slowest of the last week</h3>
        <Slowest org={chosen} />
      </section>
    </section>
  )
}
