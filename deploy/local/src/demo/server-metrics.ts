import type { Environment, Team } from './agencies.ts'
import type { Family } from './series.ts'
import { countShare, createWave, fraction, rateAt } from './wave.ts'

const requests = [
  { method: 'POST', route: '/predict', code: '200', share: 0.985 },
  { method: 'POST', route: '/predict', code: '400', share: 0.009 },
  { method: 'POST', route: '/predict', code: '500', share: 0.006 },
]

function httpRequests(id: string, rate: number): Family {
  const name = 'http_requests_total'
  const wave = createWave(id, rate)
  const served = requests.map(({ share, ...labels }) => ({
    name,
    labels,
    valueAt: countShare(wave, [{ from: 0, share }]),
  }))
  const probes = {
    name,
    labels: { method: 'GET', route: '/healthz', code: '200' },
    valueAt: (time: number) => Math.floor(time / 10),
  }
  return { name, type: 'counter', help: 'HTTP requests answered.', series: [...served, probes] }
}

/** A gauge that swings about `level`; `shape` turns the swing into its unit. */
function gauge(
  name: string,
  help: string,
  instances: { labels: Record<string, string>; valueAt: (time: number) => number }[],
): Family {
  return { name, type: 'gauge', help, series: instances.map((instance) => ({ name, ...instance })) }
}

/** Metric families of the server that a team's models run in. */
export function serverFamilies(team: Team, env: Environment, origin: number): Family[] {
  const id = `${team.name}/${env}`
  const rate = team.models[env].reduce((sum, model) => sum + model.rate, 0)
  const swing = (name: string) => {
    const wave = createWave(`${id}/${name}`, 1)
    return (time: number): number => rateAt(wave, time)
  }
  const queue = swing('queue')
  const memory = swing('memory')
  const gpus = ['0', '1'].map((gpu) => ({ gpu, load: swing(`gpu${gpu}`) }))
  const gigabyte = 2 ** 30
  return [
    httpRequests(`${id}/http`, rate),
    gauge('ml_queue_depth', 'Predictions waiting.', [
      { labels: {}, valueAt: (time) => Math.round(rate * queue(time) ** 2) },
    ]),
    gauge(
      'gpu_utilization_ratio',
      'Share of time the GPU was busy.',
      gpus.map(({ gpu, load }) => ({
        labels: { gpu },
        valueAt: (time) => Math.round(550 * load(time)) / 1000,
      })),
    ),
    gauge('process_resident_memory_bytes', 'Resident memory.', [
      { labels: {}, valueAt: (time) => Math.round((1.5 + 0.2 * memory(time)) * gigabyte) },
    ]),
    gauge('process_start_time_seconds', 'Start of the process.', [
      { labels: {}, valueAt: () => Math.floor(origin - 3 * 86_400 * (1 + fraction(id))) },
    ]),
  ]
}
