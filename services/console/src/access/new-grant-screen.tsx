import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useRead, useChange } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Select, TextArea, TextField } from '../parts/field.tsx'
import { ErrorState } from '../parts/states.tsx'
import { guardLeaving, navigate, useSearch } from '../router/location.ts'
import { AccessPage } from './frame.tsx'
import { grant, roles, type Where } from './model.ts'
import { Preview, type Proposal } from './preview.tsx'
import { PlaceField } from './resource-field.tsx'
import { type Chosen, SubjectField } from './subject-field.tsx'
import { isSelector } from './words.ts'

/** The subject that an address names as `team:signals`. */
function chosenFrom(text: string | null): Chosen | undefined {
  const [, written, uid] = /^(user|team|service-account):(.+)$/.exec(text ?? '') ?? []
  const kind = (['user', 'team', 'service-account'] as const).find((one) => one === written)
  return kind === undefined || uid === undefined ? undefined : { kind, uid, name: uid }
}

interface Draft {
  readonly subject: Chosen | undefined
  readonly role: string
  readonly where: Where
  readonly constraints: string
  readonly expiresAt: string
  readonly reason: string
}

function selectorsOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function bodyOf(
  draft: Draft,
  subject: Chosen,
): NonNullable<Proposal['grants']>[number] & { reason?: string } {
  const constraints = selectorsOf(draft.constraints)
  return {
    subject: { kind: subject.kind, uid: subject.uid },
    role: draft.role,
    where: draft.where,
    ...(constraints.length === 0 ? {} : { constraints }),
    ...(draft.expiresAt === '' ? {} : { expiresAt: new Date(draft.expiresAt).toISOString() }),
  }
}

function problemsOf(draft: Draft): { readonly subject?: string; readonly constraints?: string } {
  const wrong = selectorsOf(draft.constraints).find((line) => !isSelector(line))
  return {
    ...(draft.subject === undefined ? { subject: 'Choose somebody from the list.' } : {}),
    ...(wrong === undefined ? {} : { constraints: `Write each as a selector in braces; ${wrong} is none.` }),
  }
}

/** Gives a role to somebody: first what that changes for whom, then the grant. */
export default function NewGrantScreen() {
  const search = useSearch()
  const known = useRead('/api/v1/roles?limit=200', roles)
  const [draft, setDraft] = useState<Draft>({
    subject: chosenFrom(search.get('subject')),
    role: search.get('role') ?? 'viewer',
    where: { kind: 'org' },
    constraints: '',
    expiresAt: '',
    reason: '',
  })
  const [isTried, setTried] = useState(false)
  const [proposal, setProposal] = useState<Proposal>()
  const set = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part })
    setProposal(undefined)
  }
  const isDone = useRef(false)
  const isTyped = draft.constraints !== '' || draft.reason !== ''
  useEffect(() => {
    if (!isTyped) return undefined
    return guardLeaving(() => isDone.current || window.confirm('Leave this page? What you typed is lost.'))
  }, [isTyped])
  const create = useChange({
    request: (json: object) => ({ path: '/api/v1/grants', method: 'POST' as const, json }),
    schema: grant,
    touches: ['/api/v1/grants', '/api/v1/access', '/api/v1/users'],
    onDone: ({ uid }) => {
      isDone.current = true
      announce('The grant is made; it holds everywhere within two seconds.')
      navigate(`/access/grants/${encodeURIComponent(uid)}`, { replace: true })
    },
  })
  const problems = problemsOf(draft)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    const { subject } = draft
    if (subject === undefined || problems.constraints !== undefined) return
    const body = bodyOf(draft, subject)
    if (proposal === undefined) setProposal({ grants: [body] })
    else create.run(draft.reason.trim() === '' ? body : { ...body, reason: draft.reason.trim() })
  }
  const options = known.value?.items.map(({ name }) => ({ value: name, text: name })) ?? []
  const described = known.value?.items.find(({ name }) => name === draft.role)?.description
  return (
    <AccessPage title="New grant">
      <form className="card stack" onSubmit={submit} noValidate>
        <div className="form-grid">
          <SubjectField
            kinds={['team', 'user', 'service-account']}
            label="To whom"
            hint="A team rather than a person, where there is one."
            error={isTried ? problems.subject : undefined}
            chosen={draft.subject}
            onChosen={(subject) => set({ subject })}
          />
          <Select
            label="Role"
            value={draft.role}
            onText={(role) => set({ role })}
            hint={described === undefined ? undefined : `${described}.`}
            options={
              options.some(({ value }) => value === draft.role)
                ? options
                : [...options, { value: draft.role, text: draft.role }]
            }
          />
          <PlaceField
            label="Where"
            kinds={['org', 'data-source', 'folder', 'dashboard', 'team']}
            value={draft.where}
            onValue={(place) => set({ where: place })}
          />
          <TextField
            label="Until (empty for no end)"
            type="datetime-local"
            value={draft.expiresAt}
            onText={(expiresAt) => set({ expiresAt })}
          />
          <TextArea
            label="Only series that fit one of these"
            hint={<>One selector a line, for example {'{env="prod"}'}. Empty for all series of the org.</>}
            error={isTried ? problems.constraints : undefined}
            value={draft.constraints}
            onText={(constraints) => set({ constraints })}
            rows={3}
            spellCheck={false}
          />
          <TextArea
            label="Reason"
            hint="Kept with the grant and in the audit log."
            value={draft.reason}
            onText={(reason) => setDraft({ ...draft, reason })}
            rows={3}
            maxLength={500}
          />
        </div>
        {proposal !== undefined && <Preview proposal={proposal} />}
        {create.error !== undefined && <ErrorState error={create.error} title="The grant was not made" />}
        <div className="row">
          <Button type="submit" kind="main" isBusy={create.isRunning}>
            {proposal === undefined ? 'See what this changes' : 'Make this grant'}
          </Button>
        </div>
      </form>
    </AccessPage>
  )
}
