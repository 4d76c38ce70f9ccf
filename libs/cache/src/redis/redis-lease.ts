import type { Lease } from '../fairness/rate-limiter.ts'
import type { RedisLink } from './link.ts'

/** Takes ARGV[3] whole tokens at most. Answers how many, and after how many ms there will be one. */
const leaseScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local at = tonumber(bucket[2]) or now
local held = tonumber(bucket[1])
if not held or not (held >= 0) then held = burst end
local tokens = math.min(burst, held + math.max(0, now - at) * rate / 1000)
local given = math.min(want, math.floor(tokens))
tokens = tokens - given
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return {given, math.ceil((1 - tokens) / rate * 1000)}
`

/**
 * Leases tokens of buckets that all gateways share. What no bucket can give is no answer.
 * @param nameOf Name of a bucket in Redis, which tells nothing of whose it is.
 */
export function createRedisLease(link: RedisLink, nameOf: (key: string) => string): Lease {
  return async (key, { perSecond, burst }, want) => {
    const reply = await link.run('lease', (client) =>
      client.eval(leaseScript, {
        keys: [nameOf(`rate:${key}`)],
        arguments: [perSecond, burst, want].map(String),
      }),
    )
    const [given, waitMs] = Array.isArray(reply) ? reply.map(Number) : []
    const isSound = Number.isInteger(given) && Number(given) >= 0 && Number(given) <= want
    if (!isSound || given === undefined || waitMs === undefined || Number.isNaN(waitMs)) return undefined
    return { given, waitMs: Math.min(waitMs, Math.ceil(1_000 / perSecond)) }
  }
}
