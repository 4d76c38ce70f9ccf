import { z } from 'zod'
import { canonicalJson, type Sha256 } from './canonical.ts'
import { type AuditEvent, auditEventSchema } from './event.ts'

type Actor = NonNullable<AuditEvent['actor']>

/**
 * Who an actor is. Kept apart from the events, which carry only `ref`, so that it can be erased without breaking a chain.
 * `ref` commits to the identity (see {@link identityRef}): as long as it is kept, it cannot be exchanged unseen.
 */
export const identitySchema = z.strictObject({
  ref: z.string(),
  /** Random; erased with the identity, after which `ref` cannot be traced to a person. */
  salt: z.string(),
  orgUid: z.string().nullable(),
  uid: z.string(),
  name: z.string(),
  issuer: z.string().optional(),
  subject: z.string().optional(),
})

/** Who an actor is, with the salt that binds it to its pseudonym. */
export type Identity = z.output<typeof identitySchema>

/** An audit event as hashed, spooled and stored: the actor is a pseudonym. */
export const storedEventSchema = auditEventSchema.extend({
  actor: z
    .strictObject({
      kind: z.enum(['user', 'service-account', 'system']),
      ref: z.string(),
      teams: z.array(z.string()),
      credential: z.strictObject({ kind: z.enum(['session', 'bearer', 'token', 'none']), id: z.string() }),
    })
    .nullable(),
})

/** An audit event with its actor's pseudonym in place of the identity. */
export type StoredEvent = z.output<typeof storedEventSchema>

/** Pseudonym of an identity: a commitment to it under its random salt. */
export function identityRef(identity: Omit<Identity, 'ref'>, sha256: Sha256): string {
  const { salt, ...rest } = identity
  return `p-${sha256(`identity:${salt}:${canonicalJson({ ...rest })}`).slice(0, 32)}`
}

/** The identity of an actor as it is kept apart. */
export function identityOf(actor: Actor, orgUid: string | null, salt: string, sha256: Sha256): Identity {
  const identity = {
    salt,
    orgUid,
    uid: actor.uid,
    name: actor.name,
    ...(actor.issuer === undefined ? {} : { issuer: actor.issuer }),
    ...(actor.subject === undefined ? {} : { subject: actor.subject }),
  }
  return { ref: identityRef(identity, sha256), ...identity }
}

/** The event under its actor's pseudonym; `ref` is null exactly when the event has no actor. */
export function toStoredEvent(event: AuditEvent, ref: string | null): StoredEvent {
  const { actor, ...rest } = event
  if (actor === null || ref === null) return { ...rest, actor: null }
  return { ...rest, actor: { kind: actor.kind, ref, teams: actor.teams, credential: actor.credential } }
}
