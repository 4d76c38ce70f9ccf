import { type FormEvent, useEffect, useRef, useState } from 'react'
import { permissionTable } from '@gatehouse/authz/permissions'
import { useChange, useRead } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { guardLeaving, navigate, useSearch } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { list } from '../parts/list.ts'
import { AccessPage } from './frame.tsx'
import { isOver, Meanwhile, useReloadOnConflict } from './meanwhile.tsx'
import { type Role, role as schema } from './model.ts'
import { Preview, type Proposal } from './preview.tsx'
import { type Base, useBase } from './use-base.ts'

const areas: Readonly<Record<string, string>> = {
  datasources: 'Data sources and series',
  'alert.rules': 'Data sources and series',
  'alert.instances': 'Data sources and series',
  'alert.silences': 'Data sources and series',
  dashboards: 'Dashboards and folders',
  folders: 'Dashboards and folders',
  users: 'People and teams',
  teams: 'People and teams',
  serviceaccounts: 'Service accounts',
  roles: 'Roles and grants',
  grants: 'Roles and grants',
  guardrails: 'Roles and grants',
  access: 'Roles and grants',
  audit: 'Audit log',
}

/** Actions by area, for the check boxes. */
function byArea(): readonly (readonly [area: string, actions: readonly (readonly [string, string])[]])[] {
  const found = new Map<string, (readonly [string, string])[]>()
  for (const [action, { description }] of Object.entries(permissionTable)) {
    const area = areas[action.split(':')[0] ?? ''] ?? 'Orgs and the system'
    found.set(area, [...(found.get(area) ?? []), [action, description]])
  }
  return [...found]
}

interface Draft {
  readonly name: string
  readonly description: string
  readonly permissions: readonly { readonly action: string; readonly scope: string }[]
}

function Editor({
  start,
  from,
  reload,
}: {
  readonly start: Draft
  /** The role that is changed; none makes a new one. */
  readonly from?: Base<Role>
  readonly reload?: () => void
}) {
  const before = from?.base.value
  const [draft, setDraft] = useState(start)
  const [error, setError] = useState<string>()
  const [proposal, setProposal] = useState<Proposal>()
  const isDone = useRef(false)
  const isChanged = JSON.stringify(draft) !== JSON.stringify(start)
  useEffect(() => {
    if (!isChanged) return undefined
    return guardLeaving(() => isDone.current || window.confirm('Leave this page? What you changed is lost.'))
  }, [isChanged])
  const version = (before?.version ?? 0) + 1
  const save = useChange({
    request: () => {
      const body = { version, description: draft.description.trim(), permissions: draft.permissions }
      return before === undefined
        ? { path: '/api/v1/roles', method: 'POST' as const, json: { ...body, name: draft.name } }
        : {
            path: `/api/v1/roles/${encodeURIComponent(before.name)}`,
            method: 'PUT' as const,
            json: body,
            ifMatch: from?.base.etag,
          }
    },
    schema,
    touches: ['/api/v1/roles', '/api/v1/access'],
    onDone: ({ name }) => {
      isDone.current = true
      announce('The role is saved; it holds everywhere within two seconds.')
      navigate(`/access/roles/${encodeURIComponent(name)}`, { replace: true })
    },
  })
  useReloadOnConflict(save.error, () => reload?.())
  const theirs = isOver(save) ? undefined : from?.theirs
  const goOn = (next: Draft): void => {
    from?.rebase()
    save.reset()
    set({ description: next.description, permissions: next.permissions })
  }
  const set = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part })
    setProposal(undefined)
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!/^[a-z][a-z0-9-]*$/.test(draft.name)) {
      setError('Write the name in small letters, digits and dashes.')
      return
    }
    setError(undefined)
    if (proposal === undefined)
      setProposal({ roles: [{ name: draft.name, version, permissions: draft.permissions }] })
    else save.run(undefined)
  }
  const toggle = (action: string, isOn: boolean): void => {
    const others = draft.permissions.filter((one) => one.action !== action)
    const scope = start.permissions.find((one) => one.action === action)?.scope ?? '*'
    set({ permissions: isOn ? [...others, { action, scope }] : others })
  }
  return (
    <form className="card stack" onSubmit={submit} noValidate>
      <div className="form-grid">
        {before === undefined && (
          <TextField
            label="Name"
            hint="Small letters, digits and dashes: report-reader."
            value={draft.name}
            onText={(name) => set({ name })}
            error={error}
          />
        )}
        <TextField
          label="What it is for"
          value={draft.description}
          onText={(description) => set({ description })}
          maxLength={200}
        />
      </div>
      {byArea().map(([area, actions]) => (
        <fieldset key={area} className="choices">
          <legend>{area}</legend>
          <div className="actions-grid">
            {actions.map(([action, description]) => (
              <label key={action}>
                <input
                  type="checkbox"
                  checked={draft.permissions.some((one) => one.action === action)}
                  onChange={(event) => toggle(action, event.currentTarget.checked)}
                />
                <span>
                  {description} <code className="small muted">{action}</code>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      {proposal !== undefined && <Preview proposal={proposal} />}
      {theirs === undefined ? (
        save.error !== undefined && <ErrorState error={save.error} title="The role was not saved" />
      ) : (
        <Theirs now={theirs} onMine={() => goOn(draft)} onTheirs={goOn} />
      )}
      <div>
        <Button type="submit" kind="main" isBusy={save.isRunning}>
          {proposal === undefined ? 'See what this changes' : 'Save the role'}
        </Button>
      </div>
    </form>
  )
}

function Theirs({
  now,
  onMine,
  onTheirs,
}: {
  readonly now: Role
  readonly onMine: () => void
  readonly onTheirs: (now: Role) => void
}) {
  return (
    <Meanwhile onMine={onMine} onTheirs={() => onTheirs(now)}>
      <p>
        It is now version {now.version} and permits {list(now.permissions.map(({ action }) => action))}.
      </p>
    </Meanwhile>
  )
}

/** Makes a role of the org, perhaps like another one, or changes one: first whom that affects, then the role. */
export default function EditRoleScreen({ params }: { readonly params: Params }) {
  const search = useSearch()
  const name = params['name']
  const like = name ?? search.get('like') ?? undefined
  const read = useRead(like === undefined ? undefined : `/api/v1/roles/${encodeURIComponent(like)}`, schema)
  const from = useBase(read)
  const title = name === undefined ? 'New role' : `Change role ${name}`
  if (like === undefined)
    return (
      <AccessPage title={title}>
        <Editor start={{ name: '', description: '', permissions: [] }} />
      </AccessPage>
    )
  return (
    <AccessPage title={title}>
      <Reading read={read} lines={10}>
        {(found) => (
          <Editor
            start={{
              name: name === undefined ? `${found.name}-own` : found.name,
              description: found.description,
              permissions: found.permissions,
            }}
            {...(name === undefined || from === undefined ? {} : { from, reload: read.reload })}
          />
        )}
      </Reading>
    </AccessPage>
  )
}
