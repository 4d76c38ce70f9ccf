import { useState } from 'react'
import { useCan, useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { hoursInWords } from '../home/requests-card.tsx'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { TextArea, TextField } from '../parts/field.tsx'
import { EmptyState, ErrorState, Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { AccessPage } from './frame.tsx'
import {
  type AccessRequest,
  type BreakGlass,
  breakGlass,
  breakGlasses,
  request as schema,
  requests,
} from './model.ts'
import { PersonName } from './person-name.tsx'
import { Preview } from './preview.tsx'
import { placeFrom } from './place.ts'
import { kindWord } from './words.ts'

const touches = ['/api/v1/access', '/api/v1/grants', '/api/v1/users']
const kinds = { pending: 'caution', approved: 'good', denied: 'danger', withdrawn: 'plain' } as const

function Decide({ request }: { readonly request: AccessRequest }) {
  const [note, setNote] = useState('')
  const [isOpen, setOpen] = useState(false)
  const decide = useChange({
    request: (verb: 'approve' | 'deny') => ({
      path: `/api/v1/access/requests/${request.uid}/${verb}`,
      method: 'POST' as const,
      json: note.trim() === '' ? {} : { note: note.trim() },
    }),
    schema,
    touches,
  })
  return (
    <div className="stack-tight">
      {isOpen && (
        <Preview
          proposal={{
            grants: [
              {
                subject: { kind: 'user', uid: request.userUid },
                role: request.role,
                where:
                  request.where.kind === 'org'
                    ? { kind: 'org' }
                    : placeFrom(`${request.where.kind}:${request.where.uid}`),
              },
            ],
          }}
        />
      )}
      <TextField label="Note to whoever asked" value={note} onText={setNote} isSmall maxLength={500} />
      {decide.error !== undefined && <ErrorState error={decide.error} title="The decision was not taken" />}
      <div className="row">
        <Button isSmall kind="main" isBusy={decide.isRunning} onClick={() => decide.run('approve')}>
          Approve for {hoursInWords(request.hours)}
        </Button>
        <Button isSmall isBusy={decide.isRunning} onClick={() => decide.run('deny')}>
          Deny
        </Button>
        <Button isSmall kind="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide what it gives' : 'What would it give?'}
        </Button>
      </div>
    </div>
  )
}

function OneRequest({ request }: { readonly request: AccessRequest }) {
  const me = useMe()
  const { userUid, role, where, hours, reason, status, createdAt, decidedAt, note, grantUid } = request
  const place = where.kind === 'org' ? `all of ${me.org.name}` : `${kindWord(where.kind)} ${where.uid}`
  const isMine = userUid === me.uid
  return (
    <li className="stack-tight">
      <p>
        <Badge kind={kinds[status]}>{status}</Badge> {isMine ? 'You ask' : <PersonName uid={userUid} />}
        {isMine ? '' : ' asks'} for <Link to={`/access/roles/${encodeURIComponent(role)}`}>{role}</Link> on{' '}
        {place} for {hoursInWords(hours)}, <Time at={createdAt} isRelative />.
      </p>
      <blockquote>{reason}</blockquote>
      {decidedAt !== null && (
        <p className="small muted">
          Decided <Time at={decidedAt} isRelative />
          {note === '' ? '' : `: ${note}`}
          {grantUid !== null && (
            <>
              {' · '}
              <Link to={`/access/grants/${encodeURIComponent(grantUid)}`}>the grant</Link>
            </>
          )}
        </p>
      )}
      {status === 'pending' && request.mayDecide === true && <Decide request={request} />}
      {status === 'pending' && request.mayDecide !== true && isMine && (
        <p className="small muted">
          Somebody else who may grant this role decides; you see the decision on Home.
        </p>
      )}
    </li>
  )
}

function Review({ one }: { readonly one: BreakGlass }) {
  const [note, setNote] = useState('')
  const [error, setError] = useState<string>()
  const review = useChange({
    request: (text: string) => ({
      path: `/api/v1/access/break-glass/${one.uid}/review`,
      method: 'POST' as const,
      json: { note: text },
    }),
    schema: breakGlass,
    touches,
  })
  return (
    <form
      className="stack-tight"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (note.trim() === '') setError('Say what the review found.')
        else review.run(note.trim())
      }}
    >
      <TextArea
        label="What the review found"
        value={note}
        onText={setNote}
        error={error}
        rows={2}
        maxLength={1000}
      />
      {review.error !== undefined && <ErrorState error={review.error} title="The review was not kept" />}
      <div>
        <Button type="submit" isSmall isBusy={review.isRunning}>
          Reviewed
        </Button>
      </div>
    </form>
  )
}

function OneBreakGlass({ one }: { readonly one: BreakGlass }) {
  const me = useMe()
  const isOpen = one.closedAt === null && Date.parse(one.expiresAt) > Date.now()
  const close = useChange({
    request: () => ({ path: `/api/v1/access/break-glass/${one.uid}/close`, method: 'POST' as const }),
    schema: breakGlass,
    touches,
  })
  return (
    <li className="stack-tight">
      <p>
        {isOpen ? (
          <Badge kind="danger">open</Badge>
        ) : (
          <Badge kind={one.reviewedAt === null ? 'caution' : 'good'}>
            {one.reviewedAt === null ? 'to be reviewed' : 'reviewed'}
          </Badge>
        )}{' '}
        {one.openedBy === me.uid ? 'You' : <PersonName uid={one.openedBy} />} opened{' '}
        {kindWord(one.where.kind)} {one.where.uid}, <Time at={one.openedAt} isRelative />
        {isOpen && (
          <>
            {' '}
            until <Time at={one.expiresAt} />
          </>
        )}
        {one.requests !== undefined && ` · ${one.requests.toLocaleString('en-GB')} requests`}
      </p>
      <blockquote>{one.reason}</blockquote>
      {one.reviewedAt !== null && (
        <p className="small muted">
          Reviewed <Time at={one.reviewedAt} isRelative />: {one.reviewNote}
        </p>
      )}
      {isOpen && (
        <div>
          <Button isSmall isBusy={close.isRunning} onClick={() => close.run(undefined)}>
            Close now
          </Button>
        </div>
      )}
      {close.error !== undefined && <ErrorState error={close.error} />}
      {!isOpen && one.reviewedAt === null && one.openedBy !== me.uid && <Review one={one} />}
    </li>
  )
}

/** Requests for access, the ones that wait for me first, and every use of break-glass until somebody has reviewed it. */
export default function RequestsScreen() {
  const can = useCan()
  const read = useRead('/api/v1/access/requests', requests, { every: 30_000 })
  const maySeeGlass = can('access:breakglass') || can('grants:read')
  const glass = useRead(maySeeGlass ? '/api/v1/access/break-glass' : undefined, breakGlasses)
  return (
    <AccessPage
      title="Requests"
      tools={
        <Link to="/access/ask" className="button button-small">
          Ask for access
        </Link>
      }
    >
      <section className="card stack" aria-label="Requests">
        <Reading read={read} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title="No request">
                <p>
                  Who is refused something can ask for it on the page of the refusal; the request appears
                  here.
                </p>
              </EmptyState>
            ) : (
              <ul role="list" className="stack divided">
                {items
                  .toSorted((a, b) => Number(b.mayDecide === true) - Number(a.mayDecide === true))
                  .map((request) => (
                    <OneRequest key={request.uid} request={request} />
                  ))}
              </ul>
            )
          }
        </Reading>
      </section>
      {maySeeGlass && (
        <section className="card stack" aria-labelledby="glass">
          <h2 id="glass">Break-glass</h2>
          <Reading read={glass} lines={2}>
            {({ items }) =>
              items.length === 0 ? (
                <p className="muted">Nobody has broken the glass.</p>
              ) : (
                <ul role="list" className="stack divided">
                  {items.map((one) => (
                    <OneBreakGlass key={one.uid} one={one} />
                  ))}
                </ul>
              )
            }
          </Reading>
        </section>
      )}
    </AccessPage>
  )
}
