import { eventClass, eventTitle } from '@gatehouse/audit'
import { type FoundEvent, withoutQueries } from '@gatehouse/store'
import { z } from 'zod'

/** Whoever is not shown what was asked could try what it may have been, and see it in the hash. */
const linkHash = z.string().nullable().describe('Null where isRedacted: a hash confirms a guess')

/** An event as answers show it. */
export const foundEventSchema = z.strictObject({
  event: z
    .record(z.string(), z.unknown())
    .describe('As it was hashed. Its actor is a pseudonym; who that is stands in identity'),
  title: z.string().describe('What the code means'),
  class: z.string().describe('Retention class'),
  identity: z
    .strictObject({
      uid: z.string(),
      name: z.string(),
      issuer: z.string().nullable(),
      subject: z.string().nullable(),
    })
    .nullable()
    .describe('Null if there is no actor, or the identity was erased'),
  isRedacted: z.boolean().describe('What was asked of the data is left out: it needs audit:read'),
  org: z.string().nullable(),
  writer: z.string().describe('Of the chain that the event stands in, with org'),
  seq: z.number().int(),
  prev: linkHash,
  hash: linkHash,
})

export type FoundEventAnswer = z.output<typeof foundEventSchema>

/** An event for an answer, without queries unless they may be seen. */
export function answerOfEvent(found: FoundEvent, showsQueries: boolean): FoundEventAnswer {
  const { event, identity, org, writer, seq, prev, hash } = showsQueries ? found : withoutQueries(found)
  return {
    event: { ...event },
    title: eventTitle(event.code) ?? event.code,
    class: eventClass(event.code),
    identity: identity && { ...identity },
    isRedacted: !showsQueries,
    org,
    writer,
    seq,
    prev: showsQueries ? prev : null,
    hash: showsQueries ? hash : null,
  }
}
