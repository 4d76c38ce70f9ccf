import * as z from 'zod/mini'
import { ask } from './client.ts'

const ends = z.object({
  uid: z.string(),
  now: z.string(),
  idleEndsAt: z.string(),
  lifetimeEndsAt: z.string(),
})

/** When the session ends, in ms from the moment of the answer: unused, and whatever happens. */
export interface SessionEnds {
  /** Which session it is: another one after each sign-in. */
  readonly uid: string
  readonly idleIn: number
  readonly lifetimeIn: number
}

function endsOf({ uid, now, idleEndsAt, lifetimeEndsAt }: z.output<typeof ends>): SessionEnds {
  const from = Date.parse(now)
  return { uid, idleIn: Date.parse(idleEndsAt) - from, lifetimeIn: Date.parse(lifetimeEndsAt) - from }
}

/** Asking does not count as using the session. */
export async function readSessionEnds(): Promise<SessionEnds> {
  return endsOf(await ask('/api/v1/sessions/current', ends))
}

/** Begins the idle time anew. */
export async function extendSession(): Promise<SessionEnds> {
  return endsOf(await ask('/api/v1/sessions/current/extend', ends, { method: 'POST' }))
}
