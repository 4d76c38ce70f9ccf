import type { PrometheusVersion } from '@gatehouse/local'
import { startCluster } from './cluster.ts'
import { measure, scenarios } from './measure.ts'
import type { ScenarioReport } from './report.ts'

/** Runs the corpus over the data sources of one Prometheus version, or some of them by title. */
export async function runCorpus(
  version: PrometheusVersion,
  isWanted: (title: string) => boolean = () => true,
): Promise<readonly ScenarioReport[]> {
  const cluster = await startCluster(version)
  try {
    const info = await fetch(`${cluster.reference.url}/api/v1/status/buildinfo`)
    const { data } = (await info.json()) as { data: { version: string } }
    const reports: ScenarioReport[] = []
    for (const scenario of scenarios(cluster).filter(({ title }) => isWanted(title))) {
      const measurements = await measure(scenario)
      // Distributions add their own marks to the version.
      reports.push({ version: data.version.replace(/\+.*$/, ''), title: scenario.title, measurements })
    }
    return reports
  } finally {
    await cluster.stop()
  }
}
