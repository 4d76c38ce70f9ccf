import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import type { z } from 'zod'
import { type MetricLine, parseMetrics } from './parse-metrics.ts'
import type { gatewayStateSchema } from './schemas.ts'

/** Where the gateway is, and what its certificate is checked with. */
export interface GatewayAddress {
  readonly gatewayUrl: string
  readonly ca: () => string | undefined
}

type GatewayState = z.output<typeof gatewayStateSchema>

const timeoutMs = 3_000
const maxBytes = 16 * 1_048_576

function ask({ gatewayUrl, ca }: GatewayAddress, path: string): Promise<{ status: number; body: string }> {
  const url = new URL(path, gatewayUrl)
  const certificates = ca()
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, ...(certificates === undefined ? {} : { ca: certificates }) }
    const request = send(url, options, (response) => {
      const pieces: Buffer[] = []
      let bytes = 0
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (bytes > maxBytes) request.destroy(new GatehouseError('bad_gateway', 'its answer is too long'))
        pieces.push(piece)
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
      )
      response.on('error', reject)
    })
    request.on('timeout', () =>
      request.destroy(new GatehouseError('timeout', `no answer in ${timeoutMs} ms`)),
    )
    request.on('error', reject)
    request.end()
  })
}

/** Picks values out of a page of metrics. */
function pick(lines: readonly MetricLine[]) {
  const of = (name: string): readonly MetricLine[] => lines.filter((one) => one.name === `gatehouse_${name}`)
  const sum = (name: string): number => of(name).reduce((total, { value }) => total + value, 0)
  const by = (name: string, label: string): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { labels, value } of of(name)) {
      const key = labels[label] ?? ''
      counts[key] = (counts[key] ?? 0) + value
    }
    return counts
  }
  return { of, sum, by }
}

type Picked = ReturnType<typeof pick>

type Histogram = GatewayState['shards'][number]['seconds']

/** The latencies of some replicas as one histogram. */
function histogramOf({ of }: Picked, isMeant: (line: MetricLine) => boolean): Histogram {
  const lines = (part: string): readonly MetricLine[] =>
    of(`upstream_request_duration_seconds_${part}`).filter(isMeant)
  const sum = (part: string): number => lines(part).reduce((total, { value }) => total + value, 0)
  const counts = new Map<string, number>()
  for (const { labels, value } of lines('bucket')) {
    const le = labels['le'] ?? ''
    counts.set(le, (counts.get(le) ?? 0) + value)
  }
  return { count: sum('count'), sum: sum('sum'), buckets: [...counts].map(([le, count]) => ({ le, count })) }
}

function shardsOf(picked: Picked): GatewayState['shards'] {
  const requests = picked.of('upstream_requests_total')
  const names = [...new Set(requests.map(({ labels }) => labels['shard'] ?? ''))].toSorted()
  return names.map((name) => {
    const here = ({ labels }: MetricLine): boolean => labels['shard'] === name
    const mine = requests.filter(here)
    const replicas = [...new Set(mine.map(({ labels }) => labels['replica'] ?? ''))].toSorted()
    return {
      name,
      seconds: histogramOf(picked, here),
      replicas: replicas.map((replica) => {
        const ofReplica = ({ labels }: MetricLine): boolean =>
          labels['shard'] === name && labels['replica'] === replica
        return {
          name: replica,
          seconds: histogramOf(picked, ofReplica),
          outcomes: Object.fromEntries(
            mine.filter(ofReplica).map(({ labels, value }) => [labels['outcome'] ?? '', value]),
          ),
        }
      }),
    }
  })
}

/** What a gateway's page of metrics says about its state. */
export function stateFrom(text: string): Omit<GatewayState, 'reachable' | 'ready' | 'problem'> {
  const picked = pick(parseMetrics(text))
  const { sum, by } = picked
  return {
    shards: shardsOf(picked),
    requests: { byCode: by('requests_total', 'code'), inFlight: sum('requests_in_flight') },
    queue: { waiting: sum('queue_waiting'), running: sum('queue_running') },
    cache: {
      byResult: by('cache_requests_total', 'result'),
      bytes: sum('cache_memory_bytes'),
      entries: sum('cache_memory_entries'),
    },
    spool: {
      bytes: sum('audit_spool_bytes'),
      maxBytes: sum('audit_spool_max_bytes'),
      events: sum('audit_events'),
      refusals: sum('audit_refusals_total'),
    },
  }
}

/** The gateway's state as it tells it itself; one that does not answer is a state, too. */
export async function readGatewayState(address: GatewayAddress): Promise<GatewayState> {
  try {
    const [metrics, ready] = [await ask(address, '/metrics'), await ask(address, '/-/ready')]
    if (metrics.status !== 200)
      throw new GatehouseError('bad_gateway', `its metrics answered with status ${metrics.status}`)
    const isReady = ready.status === 200
    return {
      reachable: true,
      ready: isReady,
      problem: isReady ? null : ready.body.trim(),
      ...stateFrom(metrics.body),
    }
  } catch (error) {
    const problem = isGatehouseError(error) ? error.message : 'the gateway does not answer'
    return { reachable: false, ready: false, problem, ...stateFrom('') }
  }
}
