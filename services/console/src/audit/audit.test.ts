import { describe, expect, it } from 'vitest'
import {
  chipText,
  fields,
  fromView,
  isInForce,
  resolvedRange,
  toBody,
  toParameters,
  wantedOf,
} from './filter.ts'
import { signsOf } from './integrity.tsx'
import type { Status } from './model.ts'
import { countsText, sumOf, toBars } from './timeline-model.ts'
import { hiddenValues } from './words.ts'

const now = Date.parse('2026-11-22T12:00:00Z')
const range = { start: now - 3_600_000, end: now }

describe('filters of the address', () => {
  it('become parameters of the API, and nothing else does', () => {
    const search = new URLSearchParams('results=denied&metric=up&event=abc&show=exports&evil=1')
    expect(toParameters(search, range).toString()).toBe(
      'from=2026-11-22T11%3A00%3A00.000Z&to=2026-11-22T12%3A00%3A00.000Z&results=denied&metric=up',
    )
  })

  it('become a body with lists and numbers', () => {
    const search = new URLSearchParams('results=denied,failed&codes=Q001D,A&minBytes=1000&actor=u-1')
    expect(toBody(search)).toEqual({
      results: ['denied', 'failed'],
      codes: ['Q001D', 'A'],
      minBytes: 1_000,
      actor: 'u-1',
    })
  })

  it('are in words on their chips', () => {
    const search = new URLSearchParams('results=denied,failed&classes=query')
    expect(wantedOf(search).map(chipText)).toEqual(['Decision: denied, failed', 'Kind: reading data'])
  })

  it('follow a saved view, which takes all others away', () => {
    const filter = { results: ['denied'], minDurationMs: 500 }
    const change = fromView(filter)
    expect(change).toMatchObject({ results: 'denied', minDurationMs: '500' })
    expect(fields.every(({ name }) => name in change)).toBe(true)
    expect(isInForce(filter, new URLSearchParams('results=denied&minDurationMs=500'))).toBe(true)
    expect(isInForce(filter, new URLSearchParams('results=denied'))).toBe(false)
  })

  it('fall back to a day for a range that cannot be', () => {
    expect(resolvedRange(new URLSearchParams('from=nonsense&to=now'), now)).toEqual({
      start: now - 86_400_000,
      end: now,
    })
  })
})

describe('the timeline', () => {
  const bars = toBars(
    {
      widthSeconds: 1_800,
      isEstimate: false,
      bars: [
        { at: '2026-11-22T11:00:00Z', class: 'query', result: 'allowed', events: 5 },
        { at: '2026-11-22T11:00:00Z', class: 'change', result: 'allowed', events: 1 },
        { at: '2026-11-22T11:00:00Z', class: 'change', result: 'denied', events: 2 },
      ],
    },
    range,
  )

  it('has every span, the empty ones too', () => {
    expect(bars.map(({ total }) => total)).toEqual([8, 0])
    expect(bars.map(countsText)).toEqual(['5 allowed, 1 changes, 2 denied', 'nothing'])
    expect(sumOf(bars).total).toBe(8)
  })

  it('ends where the range does', () => {
    const odd = toBars(
      { widthSeconds: 1_800, isEstimate: false, bars: [] },
      { start: range.start + 60_000, end: now },
    )
    expect(odd[0]?.start).toBe(range.start + 60_000)
    expect(odd.at(-1)?.end).toBe(now)
  })
})

describe('integrity', () => {
  const whole: Status = {
    events: 10,
    newestAt: null,
    unsealed: 0,
    checkpoint: { number: 3, at: '2026-11-22T11:59:30Z', key: 'k' },
    key: { id: 'k', publicKey: 'p' },
    verification: { at: '2026-11-22T11:58:00Z', events: 10, checkpoint: 3, seconds: 1, findings: [] },
    gaps: [],
    anchors: [],
    sinks: [],
    spool: { bytes: 0, lagSeconds: 0, refusing: null },
    chains: [],
  }

  it('is good when the log is sealed and verified', () => {
    expect(signsOf(whole, now).map(({ level }) => level)).toEqual(['good', 'good'])
  })

  it('says the worst first', () => {
    const broken: Status = {
      ...whole,
      checkpoint: null,
      gaps: [{ fault: 'missing', message: 'event 4 is missing', id: undefined }],
      sinks: [{ name: 'siem', lagSeconds: 900, at: null, failingSince: null }],
    }
    expect(signsOf(broken, now).map(({ level }) => level)).toEqual(['danger', 'caution', 'caution', 'good'])
  })
})

describe('words', () => {
  it('find hidden values once each', () => {
    const hash = `h_${'ab'.repeat(16)}`
    const event = { request: { query: `up{a="${hash}"}` }, enforced: [`up{a="${hash}"}`] }
    expect(hiddenValues({ event } as unknown as Parameters<typeof hiddenValues>[0])).toEqual([hash])
  })
})
