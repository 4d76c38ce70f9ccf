import type { NativeHistogram, WrittenSample, WrittenSeries } from '../../support/remote-write.ts'

/** Tenants of the corpus; each one's series live on one shard. */
export const tenants = ['a', 'b', 'c', 'd', 'e', 'f'] as const
export type Tenant = (typeof tenants)[number]

/** First and last scrape, ms. Not aligned to anything a query would use. */
export const dataStart = 1_700_000_017_000
export const dataEnd = dataStart + 100 * 60_000
const interval = 30_000

/** What a series' value is at its n-th scrape; undefined is a gap. */
type Shape = (n: number) => WrittenSample['value'] | undefined

// Fractions of eight add up without rounding, in any order.
const eighths = (value: number) => Math.round(value * 8) / 8

/** Grows, and starts again from a small value every `period` scrapes. */
const counter =
  (speed: number, period = 1000): Shape =>
  (n) =>
    Math.floor((n % period) * speed) + (n % 3)

const wave =
  (mean: number, size: number, phase: number): Shape =>
  (n) =>
    eighths(mean + size * Math.sin((n + phase) / 7))

/** Present for `on` scrapes, then marked stale and gone for `off`. */
const flicker =
  (shape: Shape, on: number, off: number): Shape =>
  (n) => {
    const at = n % (on + off)
    if (at < on) return shape(n)
    return at === on ? staleAs(shape(n)) : undefined
  }

/** The marker of a native histogram's end is itself one. */
function staleAs(value: ReturnType<Shape>): WrittenSample['value'] {
  return typeof value === 'object' ? { ...value, zeroCount: 0, positive: [], sum: 'stale' } : 'stale'
}

/** Missing without a marker between two scrapes, longer than the lookback. */
const hole =
  (shape: Shape, from: number, to: number): Shape =>
  (n) =>
    n >= from && n < to ? undefined : shape(n)

const oneOf =
  (...values: readonly number[]): Shape =>
  (n) =>
    values[n % values.length]

const native =
  (scale: number, schema: number): Shape =>
  (n): NativeHistogram => ({
    schema,
    zeroThreshold: 0.001,
    zeroCount: n % 5,
    sum: eighths(n * scale * 1.5),
    positive: [
      { index: 0, counts: [n * scale, n * 2 * scale, n] },
      ...(scale > 1 ? [{ index: 6, counts: [n] }] : []),
    ],
  })

/** A native histogram that starts again, and has buckets below zero. */
const signed =
  (scale: number, period: number): Shape =>
  (n): NativeHistogram => {
    const at = (n % period) + 1
    return {
      schema: 0,
      zeroThreshold: 0.01,
      zeroCount: at % 4,
      sum: eighths(at * scale * -0.5),
      positive: [{ index: 1, counts: [at * scale, at] }],
      negative: [
        { index: 0, counts: [at * 2, at * scale] },
        { index: 4, counts: [at] },
      ],
    }
  }

type Row = readonly [name: string, labels: Readonly<Record<string, string>>, shape: Shape]

/** A tenant's series. `i` is the tenant's place in the list; it varies values so that no two tenants agree by accident. */
function rows(tenant: Tenant, i: number): Row[] {
  const instances = ['0', '1'].map((n) => `${tenant}-${n}`)
  const perInstance = instances.flatMap((instance, k): Row[] => {
    const env = k === 0 ? 'prod' : 'dev'
    return [
      ['http_requests_total', { instance, env, code: '200', job: 'api' }, counter(3 + i * 1.37 + k * 0.61)],
      [
        'http_requests_total',
        { instance, env, code: '500', job: 'api' },
        counter(0.5 + i * 0.25, 40 + 7 * i),
      ],
      ['temperature', { instance, env, job: 'node' }, wave(20 + i * 3 + k, 6, i * 5)],
      ['temperature_limit', { instance, env, job: 'node' }, () => 22 + i * 2.5 + k],
      ['load1', { instance, env, job: 'node' }, (n) => Math.exp(Math.sin(n / 9 + i + k)) / 3 + i],
      ['up', { instance, env, job: 'node' }, oneOf(1, 1, 1, k === 0 ? 1 : 0)],
      ['boot_time_seconds', { instance, env, job: 'node' }, () => 1_699_000_000 + i * 86_399 + k * 3_601],
      ['flicker', { instance, env }, flicker(wave(5 + i, 3, k), 6 + i, 4 + k)],
      ['holes', { instance, env }, hole(wave(50 - i, 9, k * 3), 30 + 9 * i, 55 + 9 * i)],
      ['node_meta', { instance, rack: `r${(i + k) % 3}`, zone: i % 2 === 0 ? 'east' : 'west' }, () => 1],
      ...[0.1, 0.5, 1, 2.5, Infinity].map((le, b): Row => {
        const bound = le === Infinity ? '+Inf' : String(le)
        return ['latency_bucket', { instance, env, le: bound }, counter((b + 1) * (2 + i) + k, 90)]
      }),
    ]
  })
  return [
    ...perInstance,
    ['build_info', { version: i < 3 ? 'v1.9' : 'v1.10', job: 'api' }, () => 1],
    ['quota', { job: 'api' }, () => (i + 1) * 100],
    ['state', { job: 'api' }, oneOf(i, i, i + 1, 0)],
    ['special', { kind: 'nan' }, oneOf(NaN, 1, 2, NaN)],
    ['special', { kind: 'inf' }, oneOf(i === 2 ? Infinity : 3, 4)],
    ['special', { kind: 'neg' }, oneOf(i === 4 ? -Infinity : -3, -0, 0)],
    ['special', { kind: 'always' }, () => (i === 1 ? NaN : i + 0.5)],
    ['tiny', {}, (n) => (n + 1 + i) * 1e-9],
    ['huge', {}, (n) => (n + 1 + i) * 2 ** 80],
    ['odd', { __proto__x: 'p', constructor: 'c"\\', text: 'a,b="c"\nü' }, wave(3 + i, 1, 0)],
    ['native', { job: 'api' }, native(1 + (i % 3), i % 2)],
    ['native', { job: 'web' }, flicker(native(2 + i, 0), 8, 5)],
    ['native_signed', { job: 'api' }, signed(1 + i, 50 + 3 * i)],
    // A metric that is a native histogram with some tenants and a float with others.
    ['mixed', { job: 'api' }, i % 3 === 0 ? native(2, 1) : counter(2 + i)],
    ...(tenant === 'd' ? ([['lone', { job: 'api' }, wave(7, 2, 1)]] satisfies Row[]) : []),
    ...(i < 2 ? ([['pair', { job: 'api' }, wave(2 + i, 1, i)]] satisfies Row[]) : []),
  ]
}

/** All series, scraped at times that differ between tenants. */
export function corpusSeries(): readonly (WrittenSeries & { readonly tenant: Tenant })[] {
  return tenants.flatMap((tenant, i) =>
    rows(tenant, i).map(([name, labels, shape]) => {
      const samples: WrittenSample[] = []
      for (let n = 0; dataStart + n * interval <= dataEnd; n++) {
        const value = shape(n)
        if (value !== undefined) samples.push({ time: dataStart + n * interval + i * 1_700, value })
      }
      const team = `team-${'xyz'[i % 3]}`
      const all = new Map([['__name__', name], ['tenant', tenant], ['team', team], ...Object.entries(labels)])
      if (labels['__proto__x'] !== undefined) {
        all.delete('__proto__x')
        all.set('__proto__', 'p')
      }
      return { tenant, labels: all, samples }
    }),
  )
}
