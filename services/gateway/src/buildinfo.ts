import { GatehouseError } from '@gatehouse/errors'
import type { DataSource } from '@gatehouse/query'
import type { Versions } from '@gatehouse/upstream'
import { type Answer, success } from './answer.ts'

/**
 * `status/buildinfo`: the lowest version among the shards, so that a client uses nothing one of them lacks. Without `features`,
 * by which Grafana would take it for a Mimir.
 * @throws GatehouseError `unavailable` while no shard has ever answered.
 */
export async function answerBuildinfo(deps: { source: DataSource; versions: Versions }): Promise<Answer> {
  const version = await deps.versions.lowest(deps.source.shards)
  if (version === undefined) throw new GatehouseError('unavailable', 'no shard of the data source answers')
  const info = {
    version,
    revision: '',
    branch: '',
    buildUser: '',
    buildDate: '',
    goVersion: '',
    application: 'Gatehouse',
  }
  return success(JSON.stringify(info))
}
