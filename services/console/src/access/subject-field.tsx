import { useState } from 'react'
import * as z from 'zod/mini'
import { useRead } from '../api/use-api.ts'
import { Combobox } from '../parts/combobox.tsx'
import type { Subject } from './model.ts'
import { kindWord } from './words.ts'

const named = z.object({ items: z.array(z.object({ uid: z.string(), name: z.string() })) })
const paths = { user: '/api/v1/users', team: '/api/v1/teams', 'service-account': '/api/v1/service-accounts' }

/** Somebody chosen, with their name. */
export interface Chosen extends Subject {
  readonly name: string
}

/** Finds a person, team or service account by name; what is typed may also be a uid. */
export function SubjectField({
  kinds,
  label,
  hint,
  error,
  chosen,
  onChosen,
}: {
  readonly kinds: readonly Subject['kind'][]
  readonly label: string
  readonly hint?: string
  readonly error?: string | undefined
  readonly chosen: Chosen | undefined
  readonly onChosen: (chosen: Chosen | undefined) => void
}) {
  const [text, setText] = useState(chosen?.name ?? '')
  const search = `?limit=20&search=${encodeURIComponent(text.trim())}`
  const pathOf = (kind: Subject['kind']): string | undefined =>
    kinds.includes(kind) ? paths[kind] + search : undefined
  const found = {
    user: useRead(pathOf('user'), named),
    team: useRead(pathOf('team'), named),
    'service-account': useRead(pathOf('service-account'), named),
  }
  const options = kinds.flatMap((kind) =>
    (found[kind].value?.items ?? []).map(({ uid, name }) => ({
      value: `${kind}:${uid}`,
      text: kinds.length === 1 ? name : `${name} (${kindWord(kind)})`,
      chosen: { kind, uid, name },
    })),
  )
  return (
    <Combobox
      label={label}
      hint={hint}
      error={error}
      value={text}
      onText={(next) => {
        setText(next)
        onChosen(undefined)
      }}
      onPick={({ value }) => {
        const option = options.find((one) => one.value === value)
        setText(option?.chosen.name ?? '')
        onChosen(option?.chosen)
      }}
      options={options}
      isBusy={kinds.some((kind) => found[kind].isReading)}
    />
  )
}
