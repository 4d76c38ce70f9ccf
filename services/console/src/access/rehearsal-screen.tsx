import { type FormEvent, useEffect, useRef, useState } from 'react'
import * as z from 'zod/mini'
import { useChange, useRead } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { TextField } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import type { Params } from '../router/match.ts'
import { AccessPage } from './frame.tsx'
import { type RehearsalRecord, rehearsal as schema } from './model.ts'
import { Report } from './rehearsal-report.tsx'
import { progressText, stateKinds } from './rehearsal-words.ts'
import { BegunBy } from './rehearsals-screen.tsx'

function Facts({ rehearsal }: { readonly rehearsal: RehearsalRecord }) {
  const { state, progress, since, until, createdAt, createdBy, documentSha256, failure } = rehearsal
  return (
    <section className="card stack" aria-label="About this rehearsal">
      <p>
        <Badge kind={stateKinds[state]}>{state}</Badge> Begun <Time at={createdAt} isRelative /> by{' '}
        <BegunBy uid={createdBy} />, on requests from <Time at={since} /> to <Time at={until} />.
      </p>
      {state === 'running' && (
        <div className="row">
          <progress aria-label="Rehearsal" value={progress} max={1} />
          <span className="small muted">{progressText(rehearsal)}</span>
        </div>
      )}
      {failure !== null && (
        <Problem title="The rehearsal has no report">
          <span>{failure}</span>
          <Link to="/access/rehearsals/new">Begin another</Link>
        </Problem>
      )}
      <p className="small muted">
        SHA-256 of what the file declares: <code className="secret">{documentSha256}</code>
      </p>
    </section>
  )
}

function AttachForm({ uid }: { readonly uid: string }) {
  const [change, setChange] = useState('')
  const [error, setError] = useState<string>()
  const attach = useChange({
    request: (text: string) => ({
      path: `/api/v1/access/rehearsals/${encodeURIComponent(uid)}/attach`,
      method: 'POST' as const,
      json: { change: text },
    }),
    schema: z.unknown(),
    touches: ['/api/v1/access/rehearsals'],
    onDone: () => {
      setChange('')
      announce('The rehearsal is attached.')
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const text = change.trim()
    setError(text === '' ? 'Say what change it was made for.' : undefined)
    if (text !== '') attach.run(text)
  }
  return (
    <form className="stack-tight narrow" onSubmit={submit} noValidate>
      <TextField
        label="Attach it to a change"
        hint="A commit, a ticket, an address, or the audit event of the change."
        value={change}
        onText={setChange}
        error={error}
        maxLength={500}
      />
      {attach.error !== undefined && <ErrorState error={attach.error} title="It was not attached" />}
      <div>
        <Button type="submit" isSmall isBusy={attach.isRunning}>
          Attach
        </Button>
      </div>
    </form>
  )
}

function Attached({ rehearsal: { uid, attachedTo } }: { readonly rehearsal: RehearsalRecord }) {
  return (
    <section className="card stack" aria-labelledby="made-for">
      <h2 id="made-for">Made for</h2>
      {attachedTo.length > 0 && (
        <ul role="list" className="stack-tight">
          {attachedTo.map(({ change, at }) => (
            <li key={`${change} ${at}`}>
              {change}{' '}
              <span className="small muted">
                <Time at={at} isRelative />
              </span>
            </li>
          ))}
        </ul>
      )}
      <AttachForm uid={uid} />
    </section>
  )
}

/** Says when a rehearsal that was watched has ended. */
function useSayEnd(state: RehearsalRecord['state'] | undefined): void {
  const last = useRef(state)
  useEffect(() => {
    if (last.current === 'running' && state === 'done') announce('The rehearsal is done.')
    if (last.current === 'running' && state === 'failed') announce('The rehearsal failed.')
    last.current = state
  }, [state])
}

/** One rehearsal: how far it is, and what would change for whom once that is known. */
export default function RehearsalScreen({ params }: { readonly params: Params }) {
  const path = `/api/v1/access/rehearsals/${encodeURIComponent(params['uid'] ?? '')}`
  const [isLive, setLive] = useState(true)
  const read = useRead(path, schema, { every: isLive ? 1_000 : undefined })
  const state = read.value?.state
  if (isLive && state !== undefined && state !== 'running') setLive(false)
  useSayEnd(state)
  return (
    <AccessPage title="Rehearsal">
      <Reading read={read} lines={10}>
        {(rehearsal) => (
          <>
            <Facts rehearsal={rehearsal} />
            {rehearsal.report !== null && <Report report={rehearsal.report} />}
            {rehearsal.state === 'done' && <Attached rehearsal={rehearsal} />}
          </>
        )}
      </Reading>
    </AccessPage>
  )
}
