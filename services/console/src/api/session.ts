import * as z from 'zod/mini'
import { ask } from './client.ts'

const ends = z.object({
  uid: z.string(),
  now: z.string(),
  idleEndsAt: z.string(),
  lifetimeEndsAt: z.string(),
  vouchedUntil: z.nullable(z.string()),
})

/** When the session ends, in ms from the moment of the answer: unused, and whatever happens. */
export interface SessionEnds {
  /** Which session it is: another one after each sign-in. */
  readonly uid: string
  readonly idleIn: number
  readonly lifetimeIn: number
  /** Unless the identity provider, which does not answer, does before. */
  readonly vouchedIn: number | undefined
}

function endsOf({ uid, now, ...when }: z.output<typeof ends>): SessionEnds {
  const from = Date.parse(now)
  const until = (time: string): number => Date.parse(time) - from
  const { idleEndsAt, lifetimeEndsAt, vouchedUntil } = when
  const vouchedIn = vouchedUntil === null ? undefined : until(vouchedUntil)
  return { uid, idleIn: until(idleEndsAt), lifetimeIn: until(lifetimeEndsAt), vouchedIn }
}

/** Asking does not count as using the session. */
export async function readSessionEnds(): Promise<SessionEnds> {
  return endsOf(await ask('/api/v1/sessions/current', ends))
}

/** Begins the idle time anew. */
export async function extendSession(): Promise<SessionEnds> {
  return endsOf(await ask('/api/v1/sessions/current/extend', ends, { method: 'POST' }))
}
