import { agencies, type Agency, type Environment } from './agencies.ts'
import { modelFamilies } from './model-metrics.ts'
import type { Family } from './series.ts'
import { serverFamilies } from './server-metrics.ts'

/** One model server of a team, as Prometheus scrapes it. */
export interface Target {
  /** Path of its metrics on the demo exporter. */
  readonly path: string
  /** Labels that the scrape adds to every series: job, instance, tenant, team, env. */
  readonly labels: Readonly<Record<string, string>>
  readonly families: readonly Family[]
}

const environments: readonly Environment[] = ['prod', 'experiment']

/** All targets of the agencies. `origin` is when the demo was first started, Unix seconds. */
export function demoTargets(origin: number, of: readonly Agency[] = agencies): Target[] {
  return of.flatMap(({ tenant, teams }) =>
    teams.flatMap((team) =>
      environments.map((env) => ({
        path: `/metrics/${tenant}/${team.name}/${env}`,
        labels: { job: 'model-server', instance: `${team.name}-${env}`, tenant, team: team.name, env },
        families: [
          ...mergeFamilies(team.models[env].flatMap((model) => modelFamilies(model, env, origin))),
          ...serverFamilies(team, env, origin),
        ],
      })),
    ),
  )
}

/** One family a name: the exposition format wants a metric's series together. */
function mergeFamilies(families: readonly Family[]): Family[] {
  const byName = new Map<string, Family>()
  for (const family of families) {
    const known = byName.get(family.name)
    byName.set(
      family.name,
      known === undefined ? family : { ...known, series: [...known.series, ...family.series] },
    )
  }
  return [...byName.values()]
}
