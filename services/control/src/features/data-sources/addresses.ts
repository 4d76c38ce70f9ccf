import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { listUpstreamsOfOthers } from '@gatehouse/store'
import type { ManageDeps } from '../../manage.ts'

/** What routes that say where upstreams are need besides. */
export interface DataSourceDeps extends ManageDeps {
  /** Checks where a URL leads. @throws GatehouseError `bad_data` if upstreams must not be there. */
  readonly checkAddress: (url: string) => Promise<void>
  /** The first of these servers (`host:port`) that a URL leads to under whatever name. */
  readonly findAlias: (url: string, servers: readonly string[]) => Promise<string | undefined>
}

interface Addressed {
  readonly tenantLabel: string
  readonly shards: readonly { readonly replicas: readonly { readonly url: string }[] }[]
  readonly alertmanagerUrl?: string | undefined
  readonly engineUrl?: string | undefined
}

function urlsOf({ shards, alertmanagerUrl, engineUrl }: Addressed): readonly string[] {
  const replicas = shards.flatMap((shard) => shard.replicas.map(({ url }) => url))
  const all = [...replicas, alertmanagerUrl, engineUrl].filter((url) => url !== undefined)
  return [...new Set(all)]
}

/**
 * Refuses a server that another org reaches through another tenant label and that is only called by another name here; the store refuses
 * those of the same name.
 */
async function refuseAliases(source: Addressed, org: string, deps: DataSourceDeps): Promise<void> {
  const others = await deps.changes.read(org, (tx) => listUpstreamsOfOthers(tx, source.tenantLabel))
  for (const url of urlsOf(source)) {
    if ((await deps.findAlias(url, others)) !== undefined)
      throw new GatehouseError('conflict', `another org reaches ${url} through another tenant label`)
  }
}

/**
 * Checks every URL of a data source of `org`.
 * @throws GatehouseError `bad_data` naming one that is refused; `conflict` naming one that another org reaches through another label.
 */
export async function checkAddresses(source: Addressed, org: string, deps: DataSourceDeps): Promise<void> {
  await Promise.all(
    urlsOf(source).map(async (url) => {
      try {
        await deps.checkAddress(url)
      } catch (error) {
        if (!isGatehouseError(error) || error.code !== 'bad_data') throw error
        throw new GatehouseError('bad_data', `${url}: ${error.message}`, { cause: error })
      }
    }),
  )
  await refuseAliases(source, org, deps)
}
