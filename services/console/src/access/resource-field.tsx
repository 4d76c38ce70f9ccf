import * as z from 'zod/mini'
import { useCan, useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Select } from '../parts/field.tsx'
import type { Where } from './model.ts'
import { placeFrom, placeText } from './place.ts'

const titled = z.object({
  items: z.array(z.object({ uid: z.string(), name: z.optional(z.string()), title: z.optional(z.string()) })),
})

interface Place {
  readonly value: string
  readonly text: string
}

/** Places that one may grant in: the org, its data sources, folders, dashboards and teams, as far as they may be listed. */
export function usePlaces(kinds: readonly Where['kind'][]): readonly Place[] {
  const me = useMe()
  const can = useCan()
  const path = (kind: Where['kind'], action: string, at: string): string | undefined =>
    kinds.includes(kind) && can(action) ? `/api/v1/${at}?limit=200` : undefined
  const lists = [
    ['data-source', 'Data source', useRead(path('data-source', 'datasources:read', 'data-sources'), titled)],
    ['folder', 'Folder', useRead(path('folder', 'folders:read', 'folders'), titled)],
    ['dashboard', 'Dashboard', useRead(path('dashboard', 'dashboards:read', 'dashboards'), titled)],
    ['team', 'Team', useRead(path('team', 'teams:read', 'teams'), titled)],
  ] as const
  const org = kinds.includes('org') ? [{ value: 'org', text: `All of ${me.org.name}` }] : []
  return [
    ...org,
    ...lists.flatMap(([kind, word, { value }]) =>
      (value?.items ?? []).map(({ uid, name, title }) => ({
        value: `${kind}:${uid}`,
        text: `${word} ${name ?? title ?? uid}`,
      })),
    ),
  ]
}

/** Chooses where something holds. */
export function PlaceField({
  label,
  kinds,
  value,
  onValue,
}: {
  readonly label: string
  readonly kinds: readonly Where['kind'][]
  readonly value: Where
  readonly onValue: (value: Where) => void
}) {
  const places = usePlaces(kinds)
  const text = placeText(value)
  const known = places.some((place) => place.value === text)
  return (
    <Select
      label={label}
      value={text}
      onText={(next) => onValue(placeFrom(next))}
      options={known ? places : [...places, { value: text, text }]}
    />
  )
}
