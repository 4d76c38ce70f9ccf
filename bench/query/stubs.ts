import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startNginx, type Started } from '../shared/processes.ts'

/** Answers of a fixed size, from files: what a proxy costs, and nothing else. */
export const bodies = ['small', 'medium', 'large'] as const
export type BodyName = (typeof bodies)[number]

const seed = 1_700_000_000

/** A body as Prometheus writes it: 17-digit floats. */
function matrix(series: number, points: number): string {
  const rows = Array.from({ length: series }, (_, s) => {
    const values = Array.from(
      { length: points },
      (_value, i) => `[${seed + i * 15},"${Math.abs(Math.sin(i * (s + 1)))}"]`,
    )
    return `{"metric":{"__name__":"http_requests:rate5m","instance":"${s}"},"values":[${values.join(',')}]}`
  })
  return `{"status":"success","data":{"resultType":"matrix","result":[${rows.join(',')}]}}`
}

function vector(series: number): string {
  const rows = Array.from(
    { length: series },
    (_, i) =>
      `{"metric":{"__name__":"up","instance":"host-${i}","job":"model-server","tenant":"a"},"value":[4,"1"]}`,
  )
  return `{"status":"success","data":{"resultType":"vector","result":[${rows.join(',')}]}}`
}

const makers: Readonly<Record<BodyName, () => string>> = {
  small: () => vector(10),
  medium: () => matrix(12, 1_441),
  large: () => matrix(1_240, 1_231),
}

/** One nginx that serves each body at `/<name>/…`, whatever is asked of it there. */
export function startStubs(dir: string): Promise<Started> {
  const root = join(dir, 'bodies')
  mkdirSync(root, { recursive: true })
  for (const name of bodies) writeFileSync(join(root, `${name}.json`), makers[name]())
  // A file answers no POST, but an error page does.
  const location = (name: BodyName): string =>
    `    location /${name}/ { error_page 405 =200 /${name}.json; return 405; }
    location = /${name}/api/v1/status/buildinfo { return 200 '{"status":"success","data":{"version":"2.53.3"}}'; }`
  const blocks = (
    port: number,
  ): string => `  default_type application/json; root ${root}; open_file_cache max=16;
  server { listen 127.0.0.1:${port};
    location = /ready { return 200 'ready'; }
${bodies.map(location).join('\n')}
  }`
  return startNginx(dir, { name: 'stubs', blocks, readyPath: '/ready' })
}
