import type { Lease } from '../fairness/rate-limiter.ts'
import type { RedisLink } from './link.ts'

/** Takes ARGV[3] whole tokens at most. Answers how many, and after how many ms there will be one. */
const leaseScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local at = tonumber(bucket[2]) or now
local tokens = math.min(burst, (tonumber(bucket[1]) or burst) + math.max(0, now - at) * rate / 1000)
local given = math.min(want, math.floor(tokens))
tokens = tokens - given
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return {given, math.ceil((1 - tokens) / rate * 1000)}
`

/** Leases tokens of buckets that all gateways share. */
export function createRedisLease(link: RedisLink, prefix: string): Lease {
  return async (key, { perSecond, burst }, want) => {
    const reply = await link.run('lease', (client) =>
      client.eval(leaseScript, {
        keys: [`${prefix}:rate:${key}`],
        arguments: [perSecond, burst, want].map(String),
      }),
    )
    const [given, waitMs] = Array.isArray(reply) ? reply.map(Number) : []
    return given === undefined || waitMs === undefined ? undefined : { given, waitMs }
  }
}
