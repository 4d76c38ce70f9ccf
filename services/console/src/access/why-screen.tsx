import { type FormEvent, useState } from 'react'
import { permissionTable } from '@gatehouse/authz/permissions'
import { useCan, useMe } from '../api/me-context.ts'
import { useChange } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { Select, TextField } from '../parts/field.tsx'
import { Promql } from '../parts/promql.tsx'
import { ErrorState, sentence } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { useSearchState } from '../router/location.ts'
import { list } from '../parts/list.ts'
import { AccessPage } from './frame.tsx'
import { type Explained, explained, type Where } from './model.ts'
import { placeFrom, placeText } from './place.ts'
import { PlaceField } from './resource-field.tsx'
import { actionText } from './role-screen.tsx'
import { type Chosen, SubjectField } from './subject-field.tsx'
import { kindWord, subjectLink, subjectText, whereText } from './words.ts'

const actions = Object.entries(permissionTable).map(([value, { description }]) => ({
  value,
  text: `${description} (${value})`,
}))

interface Question {
  readonly principal?: { readonly kind: string; readonly uid: string }
  readonly action: string
  readonly resource: { readonly kind: string; readonly uid: string }
  readonly selector?: string
  readonly at?: string
}

function Verdict({
  value,
  name,
  asked,
}: {
  readonly value: Explained
  readonly name: string
  readonly asked: Question
}) {
  const action = actionText(asked.action)
  const what = `${action.charAt(0).toLowerCase()}${action.slice(1)}, on ${kindWord(asked.resource.kind)} ${asked.resource.uid}`
  return (
    <section className={`card stack verdict ${value.allowed ? '' : 'verdict-no'}`} role="status">
      <h2>
        <Badge kind={value.allowed ? 'good' : 'danger'}>{value.allowed ? 'allowed' : 'refused'}</Badge> {name}{' '}
        {value.allowed ? 'may' : 'may not'} {what}
      </h2>
      {value.reason !== null && <p>{sentence(value.reason)}</p>}
      {!value.allowed && value.firstFailing !== null && (
        <p>
          First thing that fails: <strong>{value.firstFailing}</strong>
        </p>
      )}
      {value.constraints !== null && (
        <>
          <p>Series that this reaches: {list(value.constraints.words)}.</p>
          {value.constraints.selectors.map((selector) => (
            <Promql key={selector} text={selector} />
          ))}
        </>
      )}
      {value.overlap === 'some' && <p>The selector also names series outside of that; these are left out.</p>}
      {value.overlap === 'none' && <p>No series of the selector is within that.</p>}
      <p className="small muted">Policy version {value.policyVersion}</p>
    </section>
  )
}

type Path = Explained['paths'][number]

function Chain({ path: { groups, source, grant, role, permissions, fails } }: { readonly path: Path }) {
  const me = useMe()
  const can = useCan()
  return (
    <li className="stack-tight">
      <ol className="chain" role="list">
        {groups.length > 0 && (
          <li>
            group <code>{list(groups, 'disjunction')}</code> at the identity provider
          </li>
        )}
        {source === 'manual' && <li>member by hand</li>}
        <li>
          <Link to={subjectLink(grant.subject)}>{subjectText(grant.subject)}</Link>
        </li>
        <li>
          {can('grants:read') ? (
            <Link to={`/access/grants/${encodeURIComponent(grant.uid)}`}>grant {grant.uid}</Link>
          ) : (
            `grant ${grant.uid}`
          )}{' '}
          on {whereText(grant.where, me.org.name)}
        </li>
        <li>
          role{' '}
          <Link to={`/access/roles/${encodeURIComponent(grant.role)}`}>
            {grant.role}
            {role === null ? '' : `, version ${role.version}`}
          </Link>
        </li>
        {permissions.length > 0 && <li>permission {list(permissions)}</li>}
      </ol>
      {grant.constraints.map((selector) => (
        <Promql key={selector} text={selector} />
      ))}
      {fails === null ? (
        <p className="small">
          <Badge kind="good">gives it</Badge>
        </p>
      ) : (
        <p className="small">
          <Badge kind="caution">does not give it</Badge> {sentence(fails)}
        </p>
      )}
    </li>
  )
}

/** Why somebody may or may not do something: the verdict in a sentence, and each chain that leads to it or fails. */
export default function WhyScreen() {
  const me = useMe()
  const can = useCan()
  const [search, change] = useSearchState()
  const mayAskForOthers = can('access:explain')
  const [chosen, setChosen] = useState<Chosen>()
  const [action, setAction] = useState(search.get('action') ?? 'datasources:query')
  const [place, setPlace] = useState<Where>(
    placeFrom(
      search.get('on') ?? (me.dataSources[0] === undefined ? 'org' : `data-source:${me.dataSources[0].uid}`),
    ),
  )
  const [selector, setSelector] = useState(search.get('selector') ?? '')
  const [at, setAt] = useState('')
  const [asked, setAsked] = useState<Question>()
  const explain = useChange({
    request: (json: Question) => ({ path: '/api/v1/access/explain', method: 'POST' as const, json }),
    schema: explained,
    touches: [],
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const question: Question = {
      ...(chosen === undefined ? {} : { principal: { kind: chosen.kind, uid: chosen.uid } }),
      action,
      resource: { kind: place.kind, uid: place.uid ?? me.org.uid },
      ...(selector.trim() === '' ? {} : { selector: selector.trim() }),
      ...(at === '' ? {} : { at: new Date(at).toISOString() }),
    }
    change({ action, on: placeText(place), selector: selector.trim() }, { replace: true })
    setAsked(question)
    explain.run(question)
  }
  return (
    <AccessPage title="Why may somebody do this, or why not">
      <form className="card stack" onSubmit={submit} noValidate>
        <div className="form-grid">
          {mayAskForOthers && (
            <SubjectField
              kinds={['user', 'service-account']}
              label="Who"
              hint="A person or service account; empty for yourself."
              chosen={chosen}
              onChosen={setChosen}
            />
          )}
          <Select label="Does what" value={action} onText={setAction} options={actions} />
          <PlaceField
            label="On what"
            kinds={['org', 'data-source', 'folder', 'dashboard', 'team']}
            value={place}
            onValue={setPlace}
          />
          <TextField
            label="Selector, if it is about series"
            hint={<>For example {'{job="api"}'} or up.</>}
            value={selector}
            onText={setSelector}
            spellCheck={false}
            autoCapitalize="off"
          />
          {mayAskForOthers && (
            <TextField label="As of (empty for now)" type="datetime-local" value={at} onText={setAt} />
          )}
        </div>
        {explain.error !== undefined && <ErrorState error={explain.error} title="This cannot be explained" />}
        <div>
          <Button type="submit" kind="main" isBusy={explain.isRunning}>
            Explain
          </Button>
        </div>
      </form>
      {explain.value !== undefined && asked !== undefined && (
        <>
          <Verdict value={explain.value} name={chosen?.name ?? 'You'} asked={asked} />
          {explain.value.paths.length > 0 && (
            <section className="card stack" aria-labelledby="paths">
              <h2 id="paths">Every grant that was looked at</h2>
              <ul role="list" className="stack divided">
                {explain.value.paths.map((path) => (
                  <Chain key={path.grant.uid} path={path} />
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </AccessPage>
  )
}
