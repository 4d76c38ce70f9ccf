import type { AuditEvent } from '@gatehouse/audit'
import { hashSecret, sealTokens, unsealTokens } from '@gatehouse/identity'
import type { DueSession, SessionAnswer } from '@gatehouse/store'
import type { Logger } from '@gatehouse/telemetry'
import { askAgain } from './ask-again.ts'
import type { LoginIssuer } from './client.ts'
import { endedEvent } from './ended-event.ts'
import type { SignInStore } from './sign-in.ts'

/** What asking about live sessions is made of. */
export interface SessionChecksDeps {
  readonly issuers: readonly LoginIssuer[]
  readonly store: Pick<SignInStore, 'signIn' | 'closeSession'>
  /** Takes the turn to ask, if the session is due and no other process has it. */
  readonly begin: (hash: string) => Promise<DueSession | undefined>
  readonly end: (hash: string, answer: SessionAnswer) => Promise<void>
  readonly appendAudit: (event: AuditEvent) => Promise<void>
  readonly logger: Logger
}

/** Asks identity providers about people with a session again, while their sessions are used. */
export interface SessionChecks {
  /** Notes that a session is used, by the secret of its cookie; asks in the background if it is due. Never throws. */
  note(secret: string): void
}

/** The store is asked whether a session is due at most this often. */
const lookEveryMs = 1_000
const maxRemembered = 10_000

/**
 * Creates the checks of one process. Between two good answers a session lives at most `recheckWithin` of its issuer, which the store
 * keeps: whatever fails here, the session ends then.
 */
export function createSessionChecks(deps: SessionChecksDeps): SessionChecks {
  const { issuers, store, logger } = deps
  const lookedAt = new Map<string, number>()

  const end = async (due: DueSession, hash: string, why: string): Promise<void> => {
    logger.info({ session: due.uid, why }, 'a session was ended by its identity provider')
    if (await store.closeSession(hash)) await deps.appendAudit(endedEvent(due, why))
  }
  const check = async (secret: string, hash: string): Promise<void> => {
    const due = await deps.begin(hash)
    if (due === undefined) return
    const issuer = issuers.find(({ config }) => config.issuer === due.issuer)
    if (issuer === undefined) return end(due, hash, 'its identity provider is not configured any more')
    const answer = await askAgain(issuer, due.subject, unsealTokens(secret, due.sealed))
    if (answer.kind === 'refused')
      return end(due, hash, 'the identity provider no longer vouches for the person')
    if (answer.kind === 'unknown') {
      const { why, tokens } = answer
      logger.warn({ session: due.uid, issuer: issuer.config.name, why }, 'a session was not re-checked')
      if (tokens !== undefined) await deps.end(hash, { sealed: sealTokens(secret, tokens), isVouched: false })
      return
    }
    const user = await store.signIn(answer.identity)
    if (user === undefined) return end(due, hash, 'the person is disabled')
    await deps.end(hash, { sealed: sealTokens(secret, answer.tokens), isVouched: true })
  }
  return {
    note(secret) {
      const hash = hashSecret(secret)
      const now = Date.now()
      if (now - (lookedAt.get(hash) ?? 0) < lookEveryMs) return
      if (lookedAt.size >= maxRemembered) lookedAt.clear()
      lookedAt.set(hash, now)
      check(secret, hash).catch((error: unknown) =>
        logger.warn({ err: error }, 'a session was not re-checked'),
      )
    },
  }
}
