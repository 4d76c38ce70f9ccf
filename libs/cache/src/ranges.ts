import {
  annotationsOf,
  type Annotations,
  cover,
  type Extent,
  extentBytes,
  extentKey,
  hasAnnotations,
  hasWarnings,
  keepExtents,
  lastTime,
  mergeExtents,
  missingSpans,
  renderMatrix,
  type ScannedMatrix,
  scanMatrix,
  settledUntil,
  type Span,
  spanRange,
  type TimeRange,
} from '@gatehouse/query'
import type { Entry, Memory } from './memory.ts'
import type { CacheMetrics } from './metrics.ts'
import {
  afterWaiting,
  telling,
  type CacheRequest,
  type CacheResult,
  type Clock,
  type Fetch,
  type Fetched,
} from './model.ts'
import type { SharedLevel } from './redis/shared-level.ts'
import { patienceMs } from './single-flight.ts'
import { type Grid, readSlots, writeSlots } from './slots.ts'

/** How a range answer was made, and how long its very text holds. */
export interface MadeAnswer<S> {
  readonly fetched: Fetched<S>
  readonly result: CacheResult
  readonly spans: readonly Span[]
  /** `settled` when every sample is final, `repeat` when the youngest are not, `none` if it must not be given again. */
  readonly holds: 'settled' | 'repeat' | 'none'
}

export interface RangeDeps {
  readonly memory: Memory
  readonly shared: SharedLevel | undefined
  readonly metrics: CacheMetrics
  readonly clock: Clock
  readonly maxAge: number
  readonly maxEntryBytes: number
}

type Body = Extract<Fetched<never>, { readonly kind: 'body' }>

/** One request for a range, on its grid. */
interface Asked extends Grid {
  readonly window: Span
  readonly range: TimeRange
  /** Wall clock when the request came; nothing fetched later is older. */
  readonly now: number
  /** The same moment on the monotonic clock. */
  readonly began: number
  readonly settled: number
  readonly request: CacheRequest
  /** What this process knew when the request came. */
  readonly entry: Entry | undefined
}

/** Creates the function that answers range queries from extents, fetching what they lack. */
export function createRanges(deps: RangeDeps) {
  const { memory, shared, metrics, clock, maxAge, maxEntryBytes } = deps

  const ask = (request: CacheRequest, range: TimeRange): Asked => {
    const now = clock.now()
    const { start, step } = range
    const key = extentKey(request.key)
    return {
      key,
      entry: memory.get(key),
      phase: ((start % step) + step) % step,
      step,
      window: { from: start, to: lastTime(range) },
      range: { ...range, end: lastTime(range) },
      now,
      began: clock.monotonic(),
      settled: settledUntil(now, request.freshness),
      request,
    }
  }

  /** Extents in this process that are not too old; one from the future was stored under a wrong clock. */
  const inMemory = ({ key, now }: Asked): readonly Extent[] => {
    const entry = memory.get(key)
    if (entry?.kind !== 'extents') return []
    return entry.extents.filter(({ bornAt }) => bornAt <= now && now - bornAt < maxAge)
  }

  /** Adds what other gateways know of the settled part that is missing here. */
  const withShared = async (asked: Asked, known: readonly Extent[]): Promise<readonly Extent[]> => {
    const { window, step, settled, now } = asked
    if (shared === undefined || !shared.isUp) return known
    const [gap] = missingSpans(known, { from: window.from, to: Math.min(window.to, settled) }, step)
    if (gap === undefined) return known
    const found = await readSlots(shared, asked, gap, { now, maxAge })
    // What is here already may be younger than what is there.
    return found.length === 0 ? known : mergeExtents(found, known, step)
  }

  /** Keeps what was put together, and what another request stored meanwhile. */
  const store = (asked: Asked, made: readonly Extent[], spans: readonly Span[], settled: number): void => {
    const { key, step, window, now } = asked
    const entry = memory.get(key)
    const all = entry === asked.entry ? made : mergeExtents(inMemory(asked), made, step)
    const reach = Math.max(entry?.kind === 'extents' ? entry.reach : 0, now - window.from)
    // A tenth more than asked for, so that a window moving back a little still hits.
    let extents = keepExtents(all, now - 1.1 * reach, settled, step)
    const bytes = (): number => extents.reduce((sum, extent) => sum + extentBytes(extent), 0)
    if (bytes() > maxEntryBytes) extents = keepExtents(all, window.from, settled, step)
    if (bytes() > maxEntryBytes) {
      metrics.notStored.inc({ reason: 'too_large' })
      return
    }
    if (extents.length === 0) return
    memory.set(key, { kind: 'extents', extents, reach })
    const changed = spans.filter(({ from }) => from <= settled)
    if (shared !== undefined)
      writeSlots(shared, asked, extents, changed, ({ bornAt }) => maxAge - (now - bornAt))
  }

  /** Cuts a fetched body; undefined, counted, if it is not to be kept. */
  const cut = ({ body, isComplete }: Body, range: TimeRange, now: number): ScannedMatrix | undefined => {
    const refuse = (reason: string): undefined => {
      metrics.notStored.inc({ reason })
      return undefined
    }
    if (!isComplete) return refuse('partial')
    // Its samples are most of it: they would not be kept.
    if (body.length > maxEntryBytes) return refuse('too_large')
    try {
      const scanned = scanMatrix(body, range, now)
      return hasAnnotations(scanned.annotations) ? refuse('annotated') : scanned
    } catch {
      return refuse('unrecognised')
    }
  }

  /**
   * Until when samples are final, by the shards' clock too, as it was when the request came; undefined if what `@` pins is not, as
   * then no sample is.
   */
  const settledBy = (asked: Asked, asOf: number | undefined): number | undefined => {
    const { now, began, request } = asked
    const theirs = asOf === undefined ? now : asOf - (clock.monotonic() - began)
    const settled = Math.min(asked.settled, settledUntil(theirs, request.freshness))
    if (request.facts.latestAt <= settled) return settled
    metrics.notStored.inc({ reason: 'at_beyond_freshness' })
    return undefined
  }

  const fetchWhole = async <S>(
    asked: Asked,
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<MadeAnswer<S>> => {
    const fetched = await fetch({ range: asked.range, signal, mayStream: true })
    const made = { fetched, result: 'miss', spans: [asked.window] } as const
    if (fetched.kind === 'stream') return { ...made, holds: 'none' }
    const scanned = cut(fetched, asked.range, asked.now)
    const settled = settledBy(asked, fetched.asOf)
    if (settled === undefined) return { ...made, holds: 'none' }
    const holds = asked.window.to <= settled ? 'settled' : 'repeat'
    if (scanned === undefined) return { ...made, holds: mayRepeat(fetched) ? holds : 'none' }
    const known = mergeExtents(inMemory(asked), [scanned.extent], asked.step)
    store(asked, known, [asked.window], settled)
    return { ...made, holds }
  }

  /** As `fetchWhole`, unless another gateway is at it: then what that one fetched is used. */
  const fetchOrWait = async <S>(
    asked: Asked,
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<MadeAnswer<S>> => {
    const { window, settled } = asked
    if (shared === undefined || !shared.isUp || window.from > settled) return fetchWhole(asked, fetch, signal)
    const first = { from: window.from, to: window.from }
    const look = async (): Promise<readonly Extent[] | undefined> => {
      const known = await withShared(asked, inMemory(asked))
      return cover(known, first) === undefined ? undefined : known
    }
    const began = clock.monotonic()
    const { found, leave } = await shared.enter(`${asked.key}#${window.from}-${window.to}`, signal, look)
    // Other gateways wait for who asks the shards, not for who has no slot yet.
    const impatient = setTimeout(leave, patienceMs)
    const rest = telling(afterWaiting(fetch, clock.monotonic() - began), () => clearTimeout(impatient))
    const make = async () =>
      (found && (await answerKnown(asked, found, rest, signal))) ?? fetchWhole(asked, rest, signal)
    // Given up when what was fetched is there for the others to find, or when there is nothing to find.
    return make().finally(() => {
      clearTimeout(impatient)
      void shared.idle().then(leave)
    })
  }

  /** Fetches the missing ends; undefined if one of them cannot be put together with what is known. */
  const extend = async <S>(
    asked: Asked,
    known: readonly Extent[],
    gaps: readonly Span[],
    ask: (demand: { readonly range: TimeRange; readonly mayStream: false }) => Promise<Fetched<S>>,
  ): Promise<MadeAnswer<S> | undefined> => {
    const parts = await Promise.all(
      gaps.map((gap) => ask({ range: spanRange(gap, asked.step), mayStream: false })),
    )
    const bodies = parts.filter((part) => part.kind === 'body')
    const scans = bodies.map(({ body }, i) =>
      tryScan(body, spanRange(gaps[i] ?? asked.window, asked.step), asked.now),
    )
    const scanned = scans.filter((scan) => scan !== undefined)
    if (scanned.length < gaps.length) return undefined
    const all = mergeExtents(
      known,
      scanned.map(({ extent }) => extent),
      asked.step,
    )
    const covered = cover(all, asked.window)
    if (covered === undefined) return undefined
    const annotations = joinAnnotations(scanned)
    const isComplete = bodies.every((part) => part.isComplete)
    const asOf = earliest(bodies)
    const answeredBy = bodies.flatMap((part) => part.answeredBy ?? [])
    const made = {
      fetched: {
        kind: 'body',
        body: renderMatrix(covered, annotations),
        isComplete,
        asOf,
        answeredBy,
        samples: sumOf(bodies),
      },
      result: 'extended',
      spans: gaps,
    } as const
    if (!isComplete || hasAnnotations(annotations)) {
      metrics.notStored.inc({ reason: isComplete ? 'annotated' : 'partial' })
      return { ...made, holds: 'none' }
    }
    const settled = settledBy(asked, asOf)
    if (settled === undefined) return { ...made, holds: 'none' }
    store(asked, all, gaps, settled)
    return { ...made, holds: asked.window.to <= settled ? 'settled' : 'repeat' }
  }

  /** Answers from what is known and the missing ends; undefined if nothing of the window is known, or it cannot be put together. */
  const answerKnown = async <S>(
    asked: Asked,
    known: readonly Extent[],
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<MadeAnswer<S> | undefined> => {
    const { window, step, settled } = asked
    const gaps = missingSpans(known, window, step)
    if (gaps.some(({ from, to }) => from === window.from && to === window.to)) return undefined
    if (gaps.length > 0) return extend<S>(asked, known, gaps, (demand) => fetch({ ...demand, signal }))
    const covered = cover(known, window)
    if (covered === undefined) return undefined
    store(asked, known, [], settled)
    const fetched = { kind: 'body', body: renderMatrix(covered), isComplete: true, asOf: undefined } as const
    return { fetched, result: 'hit', spans: [], holds: 'settled' }
  }

  return async <S>(
    request: CacheRequest,
    range: TimeRange,
    fetch: Fetch<S>,
    signal: AbortSignal,
  ): Promise<MadeAnswer<S>> => {
    const asked = ask(request, range)
    const known = await withShared(asked, inMemory(asked))
    const isKnown = known.some(({ from, to }) => from <= asked.window.to && to >= asked.window.from)
    if (!isKnown) return fetchOrWait(asked, fetch, signal)
    return (await answerKnown(asked, known, fetch, signal)) ?? fetchWhole(asked, fetch, signal)
  }
}

/** Infos are about all of a range, so it cannot be cut; but the very same range may get the very same text. */
function mayRepeat({ body, isComplete }: Body): boolean {
  const annotations = annotationsOf(body)
  return isComplete && annotations !== undefined && hasAnnotations(annotations) && !hasWarnings(annotations)
}

function tryScan(body: Buffer, range: TimeRange, now: number): ScannedMatrix | undefined {
  try {
    return scanMatrix(body, range, now)
  } catch {
    return undefined
  }
}

function joinAnnotations(scanned: readonly ScannedMatrix[]): Annotations {
  return {
    warnings: scanned.flatMap(({ annotations }) => annotations.warnings),
    infos: scanned.flatMap(({ annotations }) => annotations.infos),
  }
}

/** Samples of all parts that tell. */
function sumOf(bodies: readonly Body[]): number | undefined {
  const told = bodies.flatMap(({ samples }) => samples ?? [])
  return told.length === 0 ? undefined : told.reduce((sum, one) => sum + one, 0)
}

function earliest(bodies: readonly Body[]): number | undefined {
  const times = bodies.map(({ asOf }) => asOf).filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}
