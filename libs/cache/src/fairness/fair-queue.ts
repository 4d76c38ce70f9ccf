import { GatehouseError } from '@gatehouse/errors'
import { leavingError } from '../single-flight.ts'
import type { FairnessMetrics } from './metrics.ts'
import { countTurn, newRound, nextParty, partyOf, type Party, type Round } from './turns.ts'

/** A limit on what runs at once over all resources, by who: an org, a team, a service account. */
export interface Cap {
  readonly key: string
  readonly limit: number
}

/** The resource of a request that only its caps bound. */
export const capsOnly = ''

export interface SlotRequest {
  /** What has the slots: a server, or {@link capsOnly}. */
  readonly resource: string
  /** Orgs take turns, and none holds every slot. */
  readonly orgUid: string
  /** Who takes turns within the org. */
  readonly team: string
  /** Who takes turns within the team: a service account or user. */
  readonly member: string
  readonly caps: readonly Cap[]
  /** Turns of this org for each turn of one with weight 1. */
  readonly weight: number
  /** How long the request behind it has waited before, ms: together it waits no longer than the bound. */
  readonly waited: number
  readonly signal: AbortSignal
}

/** Slots of resources, given out by turns. */
export interface FairQueue {
  /**
   * Waits for a slot. A request that needs several takes them in one order of resources, so that no two wait for each other.
   * @returns the function that gives the slot back.
   * @throws GatehouseError `too_many_requests` with Retry-After when too many of the org wait already, or the wait is too long;
   *   the signal's reason if that aborts.
   */
  acquire(request: SlotRequest): Promise<() => void>
  readonly waiting: number
}

export interface FairQueueOptions {
  readonly slotsPerShard: number
  /** Requests of one org that may wait for one resource; who has the most of them there gives way to the others. */
  readonly maxQueued: number
  /** Longest wait of one request, ms. */
  readonly queueWait: number
}

interface Waiter {
  readonly request: SlotRequest
  readonly grant: () => void
  readonly giveUp: (error: GatehouseError) => void
}

interface Member extends Party {
  readonly queue: Waiter[]
}

interface Team extends Party {
  readonly members: Round<Member>
}

interface Org extends Party {
  running: number
  waiting: number
  readonly teams: Round<Team>
}

interface Resource {
  /** How many may run at once. */
  readonly slots: number
  /** How many of them one org may have. */
  readonly share: number
  running: number
  readonly orgs: Round<Org>
}

/** An org leaves a fifth of the slots to the others even while they are idle, as long queries end late. */
function largestShare(slots: number): number {
  return slots === 1 || slots === Number.POSITIVE_INFINITY
    ? slots
    : slots - Math.max(1, Math.floor(slots / 5))
}

const newOrg = (pass: number): Org => ({ pass, running: 0, waiting: 0, teams: newRound<Team>() })
const newTeam = (pass: number): Team => ({ pass, members: newRound<Member>() })
const newMember = (pass: number): Member => ({ pass, queue: [] })

/** Creates the slots of all resources; each has `slotsPerShard`. */
export function createFairQueue(options: FairQueueOptions, metrics: FairnessMetrics): FairQueue {
  const { slotsPerShard, maxQueued, queueWait } = options
  const resources = new Map<string, Resource>()
  const used = new Map<string, number>()
  let waiting = 0

  const hasRoom = ({ caps }: SlotRequest): boolean =>
    caps.every(({ key, limit }) => (used.get(key) ?? 0) < limit)

  const mayRun = ({ queue }: Member): boolean => queue.some(({ request }) => hasRoom(request))

  /** The first that has room: who waits for a cap of their own does not hold up the others of their team. */
  const takeFirst = ({ queue }: Member): Waiter | undefined =>
    queue.splice(
      queue.findIndex(({ request }) => hasRoom(request)),
      1,
    )[0]

  const use = ({ caps, resource }: SlotRequest, by: 1 | -1): void => {
    if (resource !== capsOnly) metrics.running.inc(by)
    for (const { key } of caps) {
      const now = (used.get(key) ?? 0) + by
      if (now === 0) used.delete(key)
      else used.set(key, now)
    }
  }

  const mayTeam = ({ members }: Team): boolean => nextParty(members, mayRun) !== undefined

  const giveOut = (resource: Resource): void => {
    while (resource.running < resource.slots) {
      const org = nextParty(
        resource.orgs,
        (one) => one.running < resource.share && nextParty(one.teams, mayTeam) !== undefined,
      )
      const team = org && nextParty(org.teams, mayTeam)
      const member = team && nextParty(team.members, mayRun)
      const waiter = member && takeFirst(member)
      if (org === undefined || team === undefined || member === undefined || waiter === undefined) return
      countTurn(resource.orgs, org, waiter.request.weight)
      countTurn(org.teams, team, 1)
      countTurn(team.members, member, 1)
      dropIdle(org, waiter.request)
      org.waiting -= 1
      org.running += 1
      resource.running += 1
      use(waiter.request, 1)
      waiter.grant()
    }
  }

  /** Who waits for nothing any more has no place in the rounds. */
  const dropIdle = ({ teams }: Org, { team: teamName, member }: SlotRequest): void => {
    const team = teams.parties.get(teamName)
    if (team?.members.parties.get(member)?.queue.length === 0) team.members.parties.delete(member)
    if (team?.members.parties.size === 0) teams.parties.delete(teamName)
  }

  const forget = ({ resource: name, orgUid }: SlotRequest, resource: Resource, org: Org): void => {
    if (org.running + org.waiting === 0) resource.orgs.parties.delete(orgUid)
    if (resource.orgs.parties.size === 0) resources.delete(name)
  }

  const release = (request: SlotRequest, resource: Resource, org: Org): void => {
    org.running -= 1
    resource.running -= 1
    use(request, -1)
    // Room under a cap may be what waiters of any resource need.
    for (const one of request.caps.length > 0 ? resources.values() : [resource]) giveOut(one)
    forget(request, resource, org)
  }

  /** At once, before anything else can give the waiter a slot that it would not give back. */
  const leave = (waiter: Waiter, resource: Resource, org: Org): void => {
    const { team, member } = waiter.request
    const queue = org.teams.parties.get(team)?.members.parties.get(member)?.queue ?? []
    const index = queue.indexOf(waiter)
    if (index < 0) return
    queue.splice(index, 1)
    dropIdle(org, waiter.request)
    org.waiting -= 1
    forget(waiter.request, resource, org)
  }

  /** The newest waiter of the member with the most of them: of the request's own, if none has more. */
  const newestOfMost = ({ teams }: Org, { team, member }: SlotRequest): Waiter | undefined => {
    let most = teams.parties.get(team)?.members.parties.get(member)?.queue ?? []
    for (const { members } of teams.parties.values())
      for (const { queue } of members.parties.values()) if (queue.length > most.length) most = queue
    return most.at(-1)
  }

  const refuse = (reason: 'full' | 'wait'): GatehouseError => {
    metrics.refusals.inc({ reason })
    const why =
      reason === 'full'
        ? `too many requests wait already, more than the limit of ${maxQueued}`
        : `no slot became free in time, within the limit of ${queueWait / 1_000} s`
    return new GatehouseError('too_many_requests', `${why}; try again later`, {
      retryAfter: Math.max(1, Math.ceil(queueWait / 1000)),
    })
  }

  const enter = (request: SlotRequest): { resource: Resource; org: Org } => {
    let resource = resources.get(request.resource)
    if (resource === undefined) {
      const slots = request.resource === capsOnly ? Number.POSITIVE_INFINITY : slotsPerShard
      resource = { slots, share: largestShare(slots), running: 0, orgs: newRound<Org>() }
      resources.set(request.resource, resource)
    }
    return { resource, org: partyOf(resource.orgs, request.orgUid, newOrg) }
  }

  return {
    async acquire(request) {
      const { signal, waited } = request
      if (signal.aborted) throw leavingError(signal)
      const { resource, org } = enter(request)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const giveUp = (error: GatehouseError): void => {
        leave(waiter, resource, org)
        reject(error)
      }
      const waiter: Waiter = { request, grant: resolve, giveUp }
      const team = partyOf(org.teams, request.team, newTeam)
      partyOf(team.members, request.member, newMember).queue.push(waiter)
      org.waiting += 1
      waiting += 1
      metrics.waiting.set(waiting)
      const began = performance.now()
      const timer = setTimeout(() => giveUp(refuse('wait')), Math.max(0, queueWait - waited))
      const onAbort = (): void => giveUp(leavingError(signal))
      signal.addEventListener('abort', onAbort, { once: true })
      giveOut(resource)
      // A flood of one member takes no place from the others.
      if (org.waiting > maxQueued) newestOfMost(org, request)?.giveUp(refuse('full'))
      try {
        await promise
      } finally {
        waiting -= 1
        metrics.waiting.set(waiting)
        metrics.waitSeconds.observe((performance.now() - began) / 1000)
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      let isHeld = true
      return () => {
        if (isHeld) release(request, resource, org)
        isHeld = false
      }
    },
    get waiting() {
      return waiting
    },
  }
}
