import { afterEach, describe, expect, it } from 'vitest'
import { createExternalLabels, externalLabelsIn } from './external-labels.ts'
import { closeAll, good, type Handler, json, shardOf, start, startReplica } from './testing/replicas.ts'

afterEach(closeAll)

const configOf = (labels: string): string =>
  JSON.stringify({
    status: 'success',
    data: {
      yaml: `global:\n  scrape_interval: 15s\n  external_labels:\n${labels}rule_files:\n- rules.yml\n`,
    },
  })

function telling(labels: string): Handler {
  return (message, res, text) =>
    message.url === '/api/v1/status/config' ? json(res, 200, configOf(labels)) : good(message, res, text)
}

describe('externalLabelsIn', () => {
  it('reads values as the texts they are', () => {
    const body = configOf('    n: "007"\n    region: eu\n    "ä.b": \'x: y\'\n')
    expect(externalLabelsIn(body)).toEqual({ n: '007', region: 'eu', 'ä.b': 'x: y' })
  })
  it('has none without the section', () => {
    expect(externalLabelsIn('{"data":{"yaml":"scrape_configs: []\\n"}}')).toEqual({})
    expect(() => externalLabelsIn('{"data":{}}')).toThrow('no configuration')
  })
})

describe('external labels', () => {
  it('of one replica, or the same of all, tell nobody apart', async () => {
    const labels = createExternalLabels(start())
    const urls = []
    for (let i = 0; i < 2; i += 1) urls.push((await startReplica(telling('    region: eu\n'))).url)
    expect((await labels.distinguishing(shardOf(...urls))).size).toBe(0)
    expect((await labels.distinguishing(shardOf(...urls.slice(0, 1)))).size).toBe(0)
  })

  it('that differ do, also where one lacks them, and are remembered while a replica is gone', async () => {
    const one = await startReplica(telling('    region: eu\n    replica: a\n    extra: x\n'))
    let isGone = false
    const two = await startReplica((...of) =>
      isGone ? void of[0].socket.destroy() : telling('    region: eu\n    replica: b\n')(...of),
    )
    const labels = createExternalLabels(start())
    const shard = shardOf(one.url, two.url)
    const expected = new Map([
      ['replica', new Set(['a', 'b'])],
      ['extra', new Set(['x', ''])],
    ])
    expect(await labels.distinguishing(shard)).toEqual(expected)
    isGone = true
    expect(await labels.distinguishing(shardOf(one.url, two.url))).toEqual(expected)
    expect(one.requests).toHaveLength(1)
  })

  it('of a replica that is out of reach are unknown, and of the others it is known what they are', async () => {
    const urls = ['http://127.0.0.1:9']
    for (const name of ['a', 'b']) urls.push((await startReplica(telling(`    replica: ${name}\n`))).url)
    const labels = createExternalLabels(start())
    expect([...(await labels.distinguishing(shardOf(...urls))).keys()]).toEqual(['replica'])
  })
})
