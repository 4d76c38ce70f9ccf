import { afterEach, describe, expect, it } from 'vitest'
import { createEvaluationIntervals, intervalIn } from './evaluation-intervals.ts'
import { closeAll, good, type Handler, json, shardOf, start, startReplica } from './testing/replicas.ts'

afterEach(closeAll)

const yamlOf = (interval: string): string => `global:
  scrape_interval: 15s
  external_labels:
    evaluation_interval: 9h
  evaluation_interval: ${interval}
rule_files:
- rules.yml
`
const configOf = (yaml: string): string => JSON.stringify({ status: 'success', data: { yaml } })

/** Tells its configuration, and answers everything else as any shard. */
function telling(body: string): Handler {
  return (message, res, text) =>
    message.url === '/api/v1/status/config' ? json(res, 200, body) : good(message, res, text)
}

describe('intervalIn', () => {
  it.each([
    ['Prometheus’s configuration', configOf(yamlOf('1m30s')), 90_000],
    ['one without the section', configOf('scrape_configs: []\n'), undefined],
    ['one with the word elsewhere', configOf('x:\n  evaluation_interval: 5s\n'), undefined],
    ['no configuration', '{"status":"success","data":{}}', undefined],
  ])('reads %s', (_what, body, expected) => expect(intervalIn(body)).toBe(expected))
})

describe('evaluation intervals', () => {
  const refusing: Handler = (message, res, text) =>
    message.url === '/api/v1/status/config'
      ? json(res, 403, '{"status":"error","errorType":"forbidden","error":"no"}')
      : good(message, res, text)

  it.each<[string, Handler[], number | undefined]>([
    ['that all shards have', [telling(configOf(yamlOf('15s'))), telling(configOf(yamlOf('15s')))], 15_000],
    ['that differ are none', [telling(configOf(yamlOf('15s'))), telling(configOf(yamlOf('30s')))], undefined],
    ['that a shard does not tell are none', [telling(configOf(yamlOf('15s'))), refusing], undefined],
  ])('%s', async (_what, handlers, expected) => {
    const intervals = createEvaluationIntervals(start())
    const shards = []
    for (const handler of handlers) shards.push(shardOf((await startReplica(handler)).url))
    expect(await intervals.common(shards)).toBe(expected)
  })

  it('of a shard that is out of reach have no say, and are asked for once a minute', async () => {
    const replica = await startReplica(telling(configOf(yamlOf('15s'))))
    const intervals = createEvaluationIntervals(start())
    const shards = [shardOf(replica.url), shardOf('http://127.0.0.1:9')]
    for (let i = 0; i < 5; i += 1) expect(await intervals.common(shards)).toBe(15_000)
    expect(replica.requests).toHaveLength(1)
  })
})
