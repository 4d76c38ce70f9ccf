import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useMe } from '../api/me-context.ts'
import { useChange } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Field, Select, TextArea } from '../parts/field.tsx'
import { ErrorState } from '../parts/states.tsx'
import { guardLeaving, navigate } from '../router/location.ts'
import { AccessPage } from './frame.tsx'
import { rehearsal } from './model.ts'
import { documentFor } from './rehearsal-words.ts'

const periods = [1, 7, 14, 30, 90].map((days) => ({
  value: String(days),
  text: days === 1 ? 'the last day' : `the last ${days} days`,
}))

/** What an access file says about the org, or what is wrong with it. The parser comes when it is needed. */
async function readDocument(text: string, org: string): Promise<ReturnType<typeof documentFor>> {
  const { parse } = await import('yaml')
  try {
    return documentFor(org, parse(text))
  } catch (error) {
    const [first = ''] = error instanceof Error ? error.message.split('\n') : []
    return { fault: `This is not YAML: ${first}` }
  }
}

function FileField({ onText }: { readonly onText: (text: string) => void }) {
  return (
    <Field label="Access file" hint="YAML or JSON. Nothing is applied, and the file itself is not kept.">
      {(ids) => (
        <input
          {...ids}
          type="file"
          className="input"
          accept=".yaml,.yml,.json"
          onChange={(event) => void event.currentTarget.files?.[0]?.text().then(onText)}
        />
      )}
    </Field>
  )
}

function useBegin(onBegun: () => void) {
  return useChange({
    request: ({ document, days }: { readonly document: unknown; readonly days: number }) => ({
      path: '/api/v1/access/rehearsals',
      method: 'POST' as const,
      json: { document, days },
    }),
    schema: rehearsal,
    touches: ['/api/v1/access/rehearsals'],
    onDone: ({ uid }) => {
      onBegun()
      navigate(`/access/rehearsals/${encodeURIComponent(uid)}`, { replace: true })
    },
  })
}

/** Begins a rehearsal of an access file. */
export default function NewRehearsalScreen() {
  const { org } = useMe()
  const [text, setText] = useState('')
  const [days, setDays] = useState('7')
  const [error, setError] = useState<string>()
  const isDone = useRef(false)
  useEffect(() => {
    if (text === '') return undefined
    return guardLeaving(() => isDone.current || window.confirm('Leave this page? What you typed is lost.'))
  }, [text])
  const begin = useBegin(() => {
    isDone.current = true
  })
  const submit = async (): Promise<void> => {
    const read = await readDocument(text, org.uid)
    setError('fault' in read ? read.fault : undefined)
    if ('document' in read) begin.run({ document: read.document, days: Number(days) })
  }
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault()
    if (text.trim() === '') setError('Choose an access file, or paste one.')
    else void submit()
  }
  return (
    <AccessPage title="New rehearsal">
      <form className="card stack" onSubmit={onSubmit} noValidate>
        <p>
          The file is tried on every request for series of the period, as if it held then. What it says about
          other orgs is left out.
        </p>
        <div className="form-grid">
          <FileField onText={setText} />
          <Select label="Requests of" value={days} onText={setDays} options={periods} />
        </div>
        <TextArea
          label="Its text"
          hint={
            <>
              Begins with <code>apiVersion: gatehouse/v1</code>.
            </>
          }
          error={error}
          value={text}
          onText={setText}
          rows={12}
          spellCheck={false}
        />
        {begin.error !== undefined && <ErrorState error={begin.error} title="The rehearsal did not begin" />}
        <div>
          <Button type="submit" kind="main" isBusy={begin.isRunning}>
            Begin the rehearsal
          </Button>
        </div>
      </form>
    </AccessPage>
  )
}
