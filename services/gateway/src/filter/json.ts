import type { Labelled } from '@gatehouse/query'

// Answers of shards are parsed JSON that nobody vouches for: every member is looked at before it is used.

/** A member of an object; undefined if it has none of that name itself. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

/** A member that is a list; empty if it is none. */
export function listIn(value: unknown, name: string): readonly unknown[] {
  const list: unknown = member(value, name)
  return Array.isArray(list) ? list : []
}

/** A member that is a text; empty if it is none. */
export function textIn(value: unknown, name: string): string {
  const text = member(value, name)
  return typeof text === 'string' ? text : ''
}

/** A member that is a number; 0 if it is none. */
export function numberIn(value: unknown, name: string): number {
  const number = member(value, name)
  return typeof number === 'number' ? number : 0
}

/** A member that is an object of texts; undefined if it is none. */
export function textsIn(value: unknown, name: string): Labelled | undefined {
  const texts = member(value, name)
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) return undefined
  return isTexts(texts) ? texts : undefined
}

function isTexts(value: object): value is Labelled {
  return Object.values(value).every((text) => typeof text === 'string')
}
