import { type FormEvent, useState } from 'react'
import * as z from 'zod/mini'
import { useMe } from '../api/me-context.ts'
import { useChange } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Select, TextArea } from '../parts/field.tsx'
import { ErrorState } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'

const durations = [
  { value: '8', text: '8 hours' },
  { value: '72', text: '3 days' },
  { value: '336', text: '2 weeks' },
  { value: '2160', text: '90 days' },
]

interface RequestFormProps {
  readonly roles: readonly { readonly name: string; readonly description: string }[]
  /** Where it should hold; the whole org if not said. */
  readonly where?: { readonly kind: 'org' | 'folder' | 'data-source' | 'dashboard'; readonly uid: string }
}

/** Asks for a role for a time, with a reason; whoever may grant it decides. */
export function RequestForm({ roles, where }: RequestFormProps) {
  const me = useMe()
  const [role, setRole] = useState(roles[0]?.name ?? '')
  const [hours, setHours] = useState('72')
  const [reason, setReason] = useState('')
  const [isMissing, setMissing] = useState(false)
  const change = useChange({
    request: (json: object) => ({ path: '/api/v1/access/requests', method: 'POST', json }),
    schema: z.object({ uid: z.string() }),
    touches: ['/api/v1/access/requests'],
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setMissing(reason.trim() === '')
    if (reason.trim() === '') return
    const place = where ?? { kind: 'org', uid: me.org.uid }
    change.run({ role, where: place, hours: Number(hours), reason: reason.trim() })
  }
  if (change.value !== undefined)
    return (
      <p className="notice" role="status">
        Your request is sent. Whoever may grant the role decides; you see its state on{' '}
        <Link to="/">Home</Link>.
      </p>
    )
  const described = roles.find(({ name }) => name === role)?.description
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <Select
        label="Role"
        value={role}
        onText={setRole}
        options={roles.map(({ name }) => ({ value: name, text: name }))}
        hint={described === undefined || described === '' ? undefined : `${described}.`}
      />
      <Select label="For how long" value={hours} onText={setHours} options={durations} />
      <TextArea
        label="Reason"
        hint="Whoever decides reads it; it is kept in the audit log."
        error={isMissing ? 'Say why you need the role.' : undefined}
        value={reason}
        onText={setReason}
        rows={3}
        maxLength={500}
      />
      {change.error !== undefined && <ErrorState error={change.error} title="The request was not sent" />}
      <div>
        <Button type="submit" kind="main" isBusy={change.isRunning}>
          Send request
        </Button>
      </div>
    </form>
  )
}
