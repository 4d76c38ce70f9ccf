import './no-eval.ts'
import { compileCapability, readDashboard } from '@gatehouse/authz'
import { type FormEvent, useMemo, useState } from 'react'
import '../dashboards.css'
import { useRead } from '../../api/use-api.ts'
import { Button } from '../../parts/button.tsx'
import { Field, Select, TextArea, TextField } from '../../parts/field.tsx'
import { Problem } from '../../parts/problem.tsx'
import { ErrorState } from '../../parts/states.tsx'
import { Link } from '../../router/link.tsx'
import { foldersSchema } from '../data/api.ts'
import { type Board, NotABoard, readBoard } from '../model/board.ts'
import { isSupported } from '../panels/panel-body.tsx'
import { CapabilityReport } from './capability-report.tsx'
import { type Import, useImport } from './use-import.ts'

/** A text that was given, as a dashboard, or why it is none. */
type Given =
  | { readonly state: 'nothing' }
  | { readonly state: 'wrong'; readonly why: string }
  | {
      readonly state: 'board'
      readonly board: Board
      readonly capability: ReturnType<typeof compileCapability>
    }

export function readGiven(text: string): Given {
  if (text.trim() === '') return { state: 'nothing' }
  try {
    const board = readBoard(JSON.parse(text))
    return { state: 'board', board, capability: compileCapability(readDashboard(board.raw)) }
  } catch (error) {
    if (error instanceof SyntaxError) return { state: 'wrong', why: `This is not JSON: ${error.message}` }
    if (error instanceof NotABoard) return { state: 'wrong', why: error.message }
    return { state: 'wrong', why: 'This is not a Grafana dashboard in v1 (classic) JSON.' }
  }
}

const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`

/** What would be imported. */
function Report({
  board,
  capability,
}: {
  readonly board: Board
  readonly capability: ReturnType<typeof compileCapability>
}) {
  const panels = board.rows.flatMap((row) => row.panels)
  const others = [...new Set(panels.filter(({ type }) => !isSupported(type)).map(({ type }) => type))]
  const refused = capability.refused.map(({ query, reason }) => ({ ...query, reason }))
  return (
    <section className="card stack-tight" aria-labelledby="report" role="status">
      <h2 id="report">{board.title}</h2>
      <p>
        {counted(panels.length, 'panel')}, {counted(board.variables.length, 'variable')},{' '}
        {counted(board.annotations.length, 'annotation query', 'annotation queries')}.
        {others.length === 0
          ? ' Every panel is of a kind that is drawn here.'
          : ` Panels of these kinds are kept but shown in Grafana only: ${others.join(', ')}.`}
      </p>
      <CapabilityReport granted={capability.granted} refused={refused} />
    </section>
  )
}

/** Whether to save the next version of what has this uid already, or a dashboard beside it. */
function Existing({ existing, mayChange, as, setAs }: Import) {
  if (existing === undefined) return null
  const { title, version } = existing
  return (
    <div className="notice stack-tight">
      <p role="status">
        “{title}” has this uid already and is at version {version}.
        {mayChange ? '' : ' You may not change it, so yours becomes a dashboard of its own.'}
      </p>
      {mayChange ? (
        <Select
          label="Import as"
          value={as}
          onText={(text) => setAs(text === 'own' ? 'own' : 'version')}
          options={[
            { value: 'version', text: `Version ${version + 1} of “${title}”` },
            { value: 'own', text: 'A dashboard of its own, with a new uid' },
          ]}
          hint={
            as === 'version'
              ? 'It stays in its folder, and can be restored. If queries differ, their approval ends.'
              : undefined
          }
        />
      ) : null}
    </div>
  )
}

/** Why nothing was imported; where the uid is taken by what I may not open, the way around. */
function Refused({ change, existing }: Import) {
  if (change.error === undefined) return null
  return (
    <>
      <ErrorState error={change.error} title="Not imported" />
      {change.error.status === 409 && existing === undefined ? (
        <span>
          <Button onClick={() => change.run('own')}>Import with a new uid</Button>
        </span>
      ) : null}
    </>
  )
}

/** Brings a Grafana dashboard in: a file or its text, with a word on each query before anything is stored. */
export default function ImportScreen() {
  const folders = useRead('/api/v1/folders?limit=1000', foldersSchema)
  const [text, setText] = useState('')
  const [folder, setFolder] = useState('')
  const [message, setMessage] = useState('')
  const [isAsked, setAsked] = useState(false)
  const given = useMemo(() => readGiven(text), [text])
  const board = given.state === 'board' ? given.board : undefined
  const how = useImport(board, { folder, message })
  const { existing, as, change } = how
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setAsked(true)
    if (board !== undefined) change.run(existing === undefined ? undefined : as)
  }
  const missing =
    isAsked && given.state === 'nothing' ? 'Choose a file or paste the JSON of a dashboard.' : undefined
  return (
    <div className="stack">
      <nav className="trail small" aria-label="Where this is">
        <Link to="/dashboards">Dashboards</Link>
      </nav>
      <h1>Import a dashboard</h1>
      <form className="stack board-import" onSubmit={submit} noValidate>
        <Field label="File" hint="Grafana: Share, Export, Save to file">
          {(ids) => (
            <input
              {...ids}
              className="input"
              type="file"
              accept="application/json,.json"
              onChange={(event) => {
                const [file] = event.currentTarget.files ?? []
                void file?.text().then(setText)
              }}
            />
          )}
        </Field>
        <TextArea
          label="Or its JSON"
          value={text}
          onText={setText}
          error={missing}
          rows={8}
          spellCheck={false}
        />
        {given.state === 'wrong' ? <Problem title="This cannot be imported">{given.why}</Problem> : null}
        {given.state === 'board' ? <Report board={given.board} capability={given.capability} /> : null}
        <Existing {...how} />
        {existing !== undefined && as === 'version' ? null : (
          <Select
            label="Folder"
            value={folder}
            onText={setFolder}
            options={[
              { value: '', text: 'Top level' },
              ...(folders.value?.items ?? []).map(({ uid, title }) => ({ value: uid, text: title })),
            ]}
          />
        )}
        <TextField
          label="Why"
          hint="For the list of versions; may stay empty"
          value={message}
          onText={setMessage}
          maxLength={500}
        />
        <Refused {...how} />
        <span>
          <Button type="submit" kind="main" isBusy={change.isRunning}>
            Import
          </Button>
        </span>
      </form>
    </div>
  )
}
