import { createServer } from 'node:http'
import type { Family, Series } from './series.ts'
import type { Target } from './targets.ts'

function renderLabels(labels: Series['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function renderExemplar({ exemplarAt }: Series, time: number): string {
  const seen = exemplarAt?.(time)
  return seen === undefined ? '' : ` # ${renderLabels(seen.labels)} ${seen.value} ${seen.at}`
}

/** Metric families in OpenMetrics, with their values and exemplars at `time` (Unix seconds). */
export function renderFamilies(families: readonly Family[], time: number): string {
  const lines = families.flatMap(({ name, type, help, series }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...series.map(
      (one) => `${one.name}${renderLabels(one.labels)} ${one.valueAt(time)}${renderExemplar(one, time)}`,
    ),
  ])
  return `${lines.join('\n')}\n# EOF\n`
}

/** The running demo exporter. */
export interface Exporter {
  readonly port: number
  stop(): Promise<void>
}

/** Serves the targets' metrics on loopback, each at its own path. */
export async function startExporter(targets: readonly Target[], port = 0): Promise<Exporter> {
  const byPath = new Map(targets.map((target) => [target.path, target]))
  const server = createServer((request, response) => {
    const target = byPath.get(request.url ?? '')
    response.statusCode = target === undefined ? 404 : 200
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    response.end(target === undefined ? '' : renderFamilies(target.families, Date.now() / 1000))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? port) : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
