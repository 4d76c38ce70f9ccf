import { type FormEvent, useState } from 'react'
import * as z from 'zod/mini'
import { useCan } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Chips } from '../parts/chips.tsx'
import { Disclosure } from '../parts/disclosure.tsx'
import { Select, TextField } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { ErrorState } from '../parts/states.tsx'
import type { SearchChange } from '../router/location.ts'
import { chipText, fields, fromView, isInForce, toBody, wantedOf } from './filter.ts'
import { views } from './model.ts'

type Apply = (change: SearchChange) => void

/** One more filter: what by, and the value. */
function AddFilter({ search, onApply }: { readonly search: URLSearchParams; readonly onApply: Apply }) {
  const can = useCan()
  const open = fields.filter(({ showsQueries }) => showsQueries !== true || can('audit:read'))
  const [name, setName] = useState('results')
  const [value, setValue] = useState('')
  const [error, setError] = useState<string>()
  const field = open.find((one) => one.name === name) ?? open[0]
  if (field === undefined) return null
  const submit = (event: FormEvent, close: () => void): void => {
    event.preventDefault()
    const chosen = (value === '' ? (field.options?.[0]?.value ?? '') : value).trim()
    if (chosen === '') setError(`Say which: ${field.label.toLowerCase()}.`)
    else if (field.isNumber === true && !/^\d+$/.test(chosen)) setError('Give a whole number.')
    else {
      onApply({ [field.name]: chosen })
      setValue('')
      setError(undefined)
      close()
    }
  }
  return (
    <Disclosure
      align="start"
      button={
        <>
          <Icon name="plus" />
          Add filter
        </>
      }
    >
      {(close) => (
        <form className="stack-tight add-filter" onSubmit={(event) => submit(event, close)} noValidate>
          <Select
            label="Filter by"
            isSmall
            value={field.name}
            onText={(next) => {
              setName(next)
              setValue(search.get(next) ?? '')
              setError(undefined)
            }}
            options={open.map((one) => ({ value: one.name, text: one.label }))}
          />
          {field.options === undefined ? (
            <TextField
              label="Value"
              isSmall
              value={value}
              onText={setValue}
              error={error}
              hint={field.hint}
              inputMode={field.isNumber === true ? 'numeric' : undefined}
            />
          ) : (
            <Select
              label="Value"
              isSmall
              value={value === '' ? (field.options[0]?.value ?? '') : value}
              onText={setValue}
              options={field.options}
            />
          )}
          <Button type="submit" isSmall kind="main">
            Add
          </Button>
        </form>
      )}
    </Disclosure>
  )
}

function SaveView({ search, onClose }: { readonly search: URLSearchParams; readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const [error, setError] = useState<string>()
  const save = useChange({
    request: () => ({
      path: '/api/v1/audit/views',
      method: 'POST' as const,
      json: { name: name.trim(), filter: toBody(search), isShared },
    }),
    schema: z.object({ uid: z.string() }),
    touches: ['/api/v1/audit/views'],
    onDone: onClose,
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() === '') setError('Give the view a name.')
    else save.run(undefined)
  }
  return (
    <Dialog title="Save these filters" onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <TextField label="Name" value={name} onText={setName} error={error} maxLength={60} />
        <div className="choices">
          <label>
            <input
              type="checkbox"
              checked={isShared}
              onChange={(event) => setShared(event.currentTarget.checked)}
            />
            For everybody who reads this log
          </label>
        </div>
        {save.error !== undefined && <ErrorState error={save.error} title="The view was not saved" />}
        <span>
          <Button type="submit" kind="main" isBusy={save.isRunning}>
            Save
          </Button>
        </span>
      </form>
    </Dialog>
  )
}

/** Views at hand, the filters in force as chips, and one more. */
export function Filters({ search, onApply }: { readonly search: URLSearchParams; readonly onApply: Apply }) {
  const read = useRead('/api/v1/audit/views', views)
  const [isSaving, setSaving] = useState(false)
  const wanted = wantedOf(search)
  const known = [
    ...(read.value?.builtIn ?? []).map((view) => ({ ...view, uid: undefined, isOwn: false })),
    ...(read.value?.items ?? []),
  ]
  const current = known.find(({ filter }) => wanted.length > 0 && isInForce(filter, search))
  const own = current?.uid !== undefined && current.isOwn ? `/api/v1/audit/views/${current.uid}` : undefined
  const { etag } = useRead(own, z.unknown())
  const remove = useChange({
    request: (path: string) => ({ path, method: 'DELETE' as const, ifMatch: etag }),
    schema: z.object({}),
    touches: ['/api/v1/audit/views'],
  })
  return (
    <div className="stack-tight">
      <div className="row audit-views" role="group" aria-label="Views">
        <Button isSmall kind="quiet" aria-pressed={wanted.length === 0} onClick={() => onApply(fromView({}))}>
          Everything
        </Button>
        {known.map((view) => (
          <Button
            key={view.uid ?? view.name}
            isSmall
            kind="quiet"
            aria-pressed={view === current}
            onClick={() => onApply(fromView(view.filter))}
          >
            {view.name}
          </Button>
        ))}
      </div>
      <div className="row">
        <Chips
          label="Filters in force"
          chips={wanted.map((one) => ({ id: one.field.name, text: chipText(one) }))}
          onRemove={(name) => onApply({ [name]: undefined })}
        />
        <AddFilter search={search} onApply={onApply} />
        {wanted.length > 0 && current === undefined && (
          <Button isSmall kind="quiet" onClick={() => setSaving(true)}>
            Save as view
          </Button>
        )}
        {own !== undefined && (
          <Button
            isSmall
            kind="quiet"
            isBusy={remove.isRunning || etag === undefined}
            onClick={() => remove.run(own)}
          >
            Delete view {current?.name}
          </Button>
        )}
      </div>
      {read.error !== undefined && (
        <ErrorState error={read.error} title="Saved views cannot be read" onRetry={read.reload} />
      )}
      {remove.error !== undefined && <ErrorState error={remove.error} />}
      {isSaving && <SaveView search={search} onClose={() => setSaving(false)} />}
    </div>
  )
}
