import { randomUUID } from 'node:crypto'
import type { Constraints, OrgPolicy, Principal } from '@gatehouse/authz'
import type { FairQueue, RateLimiter, RunningQueries } from '@gatehouse/cache'
import type { LimitsConfig } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import { assertNotStopped, type DataSource, findStopRule, type LimitNotes } from '@gatehouse/query'
import { askedText } from '../asked-text.ts'
import type { Budget } from '../budget.ts'
import type { QueryReader } from '../cached/read-query.ts'
import type { Question } from '../question.ts'
import { type Bounds, createLimitsOf } from './bounds.ts'
import { checkQuestion } from './check-query.ts'
import type { Stops } from './stops.ts'
import { createTakeSlots, type TakeSlots } from './slots.ts'
import { tenantsRead } from './tenants-read.ts'

/** A question of a caller who was authorised. */
export interface Asking {
  readonly question: Question
  readonly principal: Principal
  readonly source: DataSource
  readonly constraints: Constraints
  /** Of the caller's org. */
  readonly policy: OrgPolicy
  readonly budget: Budget
  readonly requestId: string
  /** ms since the epoch. */
  readonly startedAt: number
}

/** What a question may use, and what to tell its caller. */
export interface Entered extends Bounds {
  readonly notes: LimitNotes
  readonly takeSlots: TakeSlots
  /** Callers of one party wait for slots in one queue, under the same caps. */
  readonly party: string
}

/** Limits, fairness and operators' orders on the way of a request. */
export interface Limiting {
  /** Counts a request. @throws GatehouseError `too_many_requests` with Retry-After. */
  admit(principal: Principal, source?: DataSource): Promise<void>
  /**
   * Checks a question against its caller's limits and operators' orders, and lists it as running until its budget ends.
   * @throws GatehouseError `execution`; `bad_data` for what is no query.
   */
  enter(asking: Asking): Entered
}

export interface LimitingDeps {
  readonly config: LimitsConfig
  readonly slots: FairQueue
  readonly rates: RateLimiter
  readonly running: RunningQueries
  readonly read: QueryReader
  readonly stops: Stops
}

/** Creates the limits of one gateway. */
export function createLimiting(deps: LimitingDeps): Limiting {
  const { config, slots, rates, running, read, stops } = deps
  const limitsOf = createLimitsOf(config)

  const subjectOf = ({ question, principal, source, constraints, policy: { tenants } }: Asking) => ({
    orgUid: principal.orgUid,
    principalUid: principal.uid,
    tenants: tenantsRead({ question, tenantLabel: source.tenantLabel, constraints, tenants, read }),
    fingerprint: askedText(question, read)?.fingerprint ?? '',
  })

  const obey = (asking: Asking): void => {
    const rules = stops.current()
    if (rules.length > 0) assertNotStopped(rules, subjectOf(asking), Date.now())
    // An order that is given while it runs ends it.
    const { budget } = asking
    const leave = stops.watch((changed) => {
      const rule = findStopRule(changed, subjectOf(asking), Date.now())
      if (rule !== undefined)
        budget.cancel(new GatehouseError('canceled', `stopped by an operator: ${rule.reason}`))
    })
    budget.onEnd(leave)
  }

  return {
    async admit(principal, source) {
      const buckets = limitsOf.rates(principal, source)
      if (buckets.length > 0) await rates.take(buckets)
    },
    enter(asking) {
      const { question, principal, policy, source, budget } = asking
      const bounds = limitsOf.bounds({ principal, policy, now: asking.startedAt }, source)
      const notes = checkQuestion(question, bounds.query, read)
      obey(asking)
      const asked = askedText(question, read)
      if (asked !== undefined) {
        const leave = running.start(
          {
            uid: randomUUID(),
            id: asking.requestId,
            orgUid: principal.orgUid,
            principalUid: principal.uid,
            dataSourceUid: source.uid,
            endpoint: question.kind,
            query: asked.text,
            fingerprint: asked.fingerprint,
            startedAt: asking.startedAt,
          },
          budget.cancel,
        )
        budget.onEnd(leave)
      }
      const { orgUid } = principal
      const party = JSON.stringify([orgUid, bounds.team, bounds.member, ...bounds.caps.map(({ key }) => key)])
      return { ...bounds, notes, takeSlots: createTakeSlots(slots, orgUid, bounds), party }
    },
  }
}
