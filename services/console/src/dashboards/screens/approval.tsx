import { useState } from 'react'
import { useCan, useMe } from '../../api/me-context.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { announce } from '../../parts/announce.tsx'
import { Button } from '../../parts/button.tsx'
import { Select } from '../../parts/field.tsx'
import { ErrorState } from '../../parts/states.tsx'
import { capabilitySchema, dashboardPath, dashboardSchema, type StoredBoard } from '../data/api.ts'
import { CapabilityReport } from './capability-report.tsx'

interface ApprovalProps {
  readonly stored: StoredBoard
  readonly etag: string | undefined
}

/** Lets viewers run the queries, in one's own name or a team's. */
function Approve({ stored, etag }: ApprovalProps) {
  const me = useMe()
  const [team, setTeam] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    new Set(stored.approval?.dataSources ?? me.dataSources.map(({ uid }) => uid)),
  )
  const path = dashboardPath(stored.uid)
  const approve = useChange({
    request: (_: undefined) => ({
      path: `${path}/approval`,
      method: 'PUT',
      ifMatch: etag,
      json: { dataSources: [...chosen], ...(team === '' ? {} : { team }) },
    }),
    schema: dashboardSchema,
    touches: [path, '/api/v1/dashboards'],
    onDone: () => announce('Viewers may run the queries of this version.'),
  })
  const withdraw = useChange({
    request: (_: undefined) => ({ path: `${path}/approval`, method: 'DELETE', ifMatch: etag }),
    schema: dashboardSchema,
    touches: [path, '/api/v1/dashboards'],
    onDone: () => announce('Viewers run no query any more.'),
  })
  const error = approve.error ?? withdraw.error
  return (
    <div className="stack-tight approval-form">
      <fieldset className="choices row">
        <legend>Data sources its queries may read</legend>
        {me.dataSources.map(({ uid, name }) => (
          <label key={uid}>
            <input
              type="checkbox"
              checked={chosen.has(uid)}
              onChange={() =>
                setChosen((old) => {
                  const next = new Set(old)
                  if (!next.delete(uid)) next.add(uid)
                  return next
                })
              }
            />
            {name}
          </label>
        ))}
      </fieldset>
      {me.teams.length === 0 ? null : (
        <Select
          label="In whose name"
          hint="A team outlasts the person who approves"
          isSmall
          value={team}
          onText={setTeam}
          options={[
            { value: '', text: 'In mine' },
            ...me.teams.map(({ uid, name }) => ({ value: uid, text: `Team ${name}` })),
          ]}
        />
      )}
      <div className="row">
        {chosen.size === 0 ? null : (
          <Button isSmall onClick={() => approve.run(undefined)} isBusy={approve.isRunning}>
            {stored.approval === null ? 'Approve the queries' : 'Approve anew'}
          </Button>
        )}
        {stored.approval === null ? null : (
          <Button isSmall kind="danger" onClick={() => withdraw.run(undefined)} isBusy={withdraw.isRunning}>
            Withdraw the approval
          </Button>
        )}
      </div>
      {error === undefined ? null : <ErrorState error={error} />}
    </div>
  )
}

/** Who stands for the queries of a dashboard, and which of them its viewers could run. */
export function Approval({ stored, etag }: ApprovalProps) {
  const me = useMe()
  const can = useCan()
  const mayWrite = can('dashboards:write')
  const capability = useRead(
    mayWrite ? dashboardPath(stored.uid, '/capability') : undefined,
    capabilitySchema,
  )
  const { approval } = stored
  const by = approval?.by
  const name =
    by?.uid === me.uid
      ? 'You'
      : by?.kind === 'team'
        ? `Team ${me.teams.find(({ uid }) => uid === by.uid)?.name ?? by.uid}`
        : by?.uid
  return (
    <section className="card stack-tight" aria-labelledby="approval">
      <h2 id="approval">Who stands for its queries</h2>
      {approval === null ? (
        <p>Nobody: only people who may query its data sources themselves see anything in it.</p>
      ) : (
        <p>
          {name} – viewers run exactly these queries, within what {name === 'You' ? 'you' : 'that approver'}{' '}
          may read of {approval.dataSources.join(', ')}.
          {approval.constraints.length > 0
            ? ` Only series that fit ${approval.constraints.join(' or ')}.`
            : ''}
        </p>
      )}
      {capability.value === undefined ? null : <CapabilityReport {...capability.value} />}
      {mayWrite && me.dataSources.length > 0 ? (
        <Approve key={stored.version} stored={stored} etag={etag} />
      ) : null}
    </section>
  )
}
