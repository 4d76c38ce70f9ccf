import { relative } from 'node:path'
import type { Ready } from './ready-file.ts'
import { demoPeople, demoTokens } from './people.ts'

const expression = 'sum by (tenant, team, env) (rate(ml_predictions_total[5m]))'

/** Rows as aligned columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)),
    [],
  )
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
}

/** A path as one would type it from the current folder. */
function typed(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}

/** What the terminal shows once all is ready: where things are, who may come in, and commands to try. */
export function welcome(
  ready: Ready,
  files: { readyFile: string; promtool: string; promtoolPath: string },
): string {
  const [source] = ready.dataSources
  const [first, second] = demoTokens
  const tokenOf = (name: string | undefined): string =>
    ready.tokens.find((token) => token.name === name)?.token ?? ''
  const people = ready.people.map(({ signIn, password, name, org, role }, i) => [
    signIn,
    password,
    name,
    org,
    role,
    demoPeople[i]?.sees ?? '',
  ])
  const tokens = demoTokens.map(({ name, org, sees }) => [name, org, sees, tokenOf(name)])
  const base = source?.url ?? ''
  return [
    '',
    'Ready. All of this is on loopback.',
    '',
    ...table([
      ['Console and sign-in', ready.control],
      ['Gateway, for Prometheus clients', base],
      ['Identity provider', ready.idp],
      ...ready.shards.flatMap((shard) =>
        shard.replicas.map(({ name, url }) => [
          `Prometheus ${name}`,
          `${url}  (${shard.tenants.join(', ')})`,
        ]),
      ),
    ]),
    '',
    'Who can sign in',
    ...table([['sign-in', 'password', 'name', 'org', 'role', 'sees'], ...people]),
    '',
    'Service-account tokens',
    ...table([['name', 'org', 'sees', 'token'], ...tokens]),
    '',
    'Try the same query as two of them',
    ...[first, second].map(
      (token) =>
        `  curl -s -H 'Authorization: Bearer ${tokenOf(token?.name)}' ${base}/api/v1/query --data-urlencode 'query=${expression}'`,
    ),
    `  ${typed(files.promtoolPath)} query instant --http.config.file=${typed(files.promtool)}/${first?.name}.yml ${base} '${expression}'`,
    '',
    `The same for scripts: ${typed(files.readyFile)}`,
    'Ctrl-C stops everything.',
    '',
  ].join('\n')
}
