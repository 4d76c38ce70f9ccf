/** Makes random but reproducible expressions over the corpus's data. */
export interface Randomness {
  /** A number from 0 up to `n`, exclusive. */
  next(n: number): number
}

/** Mulberry32: small, and good enough to choose among alternatives. */
export function createRandomness(seed: number): Randomness {
  let state = seed >>> 0
  return {
    next: (n) => {
      state = (state + 0x6d2b79f5) >>> 0
      let t = state
      t = Math.imul(t ^ (t >>> 15), t | 1)
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
      return ((t ^ (t >>> 14)) >>> 0) % n
    },
  }
}

// Values with exact sums only, and no native histograms: what depends on the order of summation is not this test's matter.
const metrics = [
  'temperature',
  'temperature_limit',
  'quota',
  'state',
  'up',
  'flicker',
  'holes',
  'special',
  'node_meta',
  'lone',
  'pair',
  'nothing',
]
const matchers = [
  '',
  '{tenant="a"}',
  '{tenant=~"b|e"}',
  '{env="prod"}',
  '{tenant!="c"}',
  '{team="team-x"}',
  '{instance=~".*-0"}',
]
const groupings = [
  '',
  ' by (env)',
  ' by (tenant)',
  ' by (job)',
  ' by (env, job)',
  ' by (tenant, instance)',
  ' by (team)',
  ' without (instance)',
  ' without (tenant, team)',
  ' by (instance)',
]
const ranges = ['3m', '7m', '20m']
const steps = ['', '1m', '90s', '17s']
const shifts = ['', '', '', ' offset 4m', ' offset -3m', ' @ 1700003000', ' @ end()', ' @ start() offset 2m']
const rangeFunctions = [
  'max_over_time',
  'min_over_time',
  'sum_over_time',
  'count_over_time',
  'last_over_time',
  'changes',
  'resets',
  'delta',
  'increase',
  'present_over_time',
  'idelta',
  'absent_over_time',
]
const matchings = [
  '',
  ' on (instance)',
  ' on (tenant)',
  ' on (env)',
  ' ignoring (job)',
  ' on ()',
  ' ignoring (instance, env)',
  ' on (tenant, instance)',
  ' on (instance) group_left ()',
  ' on (tenant) group_left (job)',
  ' on (env) group_right ()',
  ' ignoring (job) group_left ()',
]

const bucketSums = [
  'sum by (le)',
  'sum by (le, env)',
  'sum by (le, tenant)',
  'max by (le, job)',
  'sum without (instance)',
]

/** A random instant-vector expression of at most `depth` operations. */
export function randomVector(r: Randomness, depth: number): string {
  const one = <T>(list: readonly T[]): T => list[r.next(list.length)] as T
  if (depth <= 0) return `${one(metrics)}${one(matchers)}${one(shifts)}`
  const inner = () => randomVector(r, depth - 1 - r.next(2))
  switch (r.next(16)) {
    case 0:
    case 1:
      return `${one(['sum', 'count', 'min', 'max', 'group', 'avg'])}${one(groupings)} (${inner()})`
    case 2:
      return `${one(rangeFunctions)}(${randomRange(r, depth - 1)})`
    case 3:
    case 4:
      return `(${inner()} ${one(['+', '-', '*', '>', '<', '==', '!=', '> bool', '<= bool'])}${one(matchings)} ${inner()})`
    case 5:
    case 6:
      return `(${inner()} ${one(['and', 'or', 'unless'])}${one(matchings.filter((text) => !text.includes('group')))} ${inner()})`
    case 7:
      return `(${inner()} ${one(['+', '-', '*', '/', '%', '>', '<=', '== bool'])} ${randomScalar(r, depth - 1)})`
    case 8:
      return `${one(['abs', 'ceil', 'sgn', 'floor', 'timestamp', 'absent', 'sort', '-', 'hour'])}(${inner()})`
    case 9:
      return `label_replace(${inner()}, "${one(['env', 'new', 'job'])}", "$1", "${one(['tenant', 'instance', 'env'])}", "${one(['(.).*', '(.*)', '(pro)d|dev', 'a.*'])}")`
    case 10:
      return `quantile${one(groupings)} (${one(['0.5', '0.9', '0'])}, ${inner()})`
    case 11:
      return `count_values${one(groupings)} ("${one(['value', 'tenant', 'env'])}", ${inner()})`
    case 12:
      return `histogram_quantile(${one(['0.9', '0.5'])}, ${one(bucketSums)} (latency_bucket${one(matchers)}))`
    case 13:
      return `label_join(${inner()}, "${one(['env', 'new', 'tenant'])}", "-", "env", "${one(['tenant', 'instance', 'missing'])}")`
    case 14:
      return `${one(['topk', 'bottomk'])}${one(groupings)} (${1 + r.next(3)}, load1${one(matchers)}${one(shifts)})`
    default:
      return `clamp_max(${inner()}, ${randomScalar(r, depth - 1)})`
  }
}

function randomRange(r: Randomness, depth: number): string {
  const one = <T>(list: readonly T[]): T => list[r.next(list.length)] as T
  if (r.next(3) === 0) return `${one(metrics)}${one(matchers)}[${one(ranges)}]${one(shifts)}`
  return `(${randomVector(r, depth)})[${one(ranges)}:${one(steps)}]${one(shifts)}`
}

function randomScalar(r: Randomness, depth: number): string {
  switch (r.next(6)) {
    case 0:
      return `scalar(${randomVector(r, depth - 1)})`
    case 1:
      return 'time() / 1e8'
    default:
      return String(r.next(40) - 5)
  }
}
