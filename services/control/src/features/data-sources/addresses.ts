import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import type { ManageDeps } from '../../manage.ts'

/** What routes that say where upstreams are need besides. */
export interface DataSourceDeps extends ManageDeps {
  /** Checks where a URL leads. @throws GatehouseError `bad_data` if upstreams must not be there. */
  readonly checkAddress: (url: string) => Promise<void>
}

interface Addressed {
  readonly shards: readonly { readonly replicas: readonly { readonly url: string }[] }[]
  readonly alertmanagerUrl?: string | undefined
  readonly engineUrl?: string | undefined
}

/** Checks every URL of a data source. @throws GatehouseError `bad_data` naming the first that is refused. */
export async function checkAddresses(
  { shards, alertmanagerUrl, engineUrl }: Addressed,
  { checkAddress }: Pick<DataSourceDeps, 'checkAddress'>,
): Promise<void> {
  const replicas = shards.flatMap((shard) => shard.replicas.map(({ url }) => url))
  const urls = [...replicas, alertmanagerUrl, engineUrl].filter((url) => url !== undefined)
  await Promise.all(
    [...new Set(urls)].map(async (url) => {
      try {
        await checkAddress(url)
      } catch (error) {
        if (!isGatehouseError(error) || error.code !== 'bad_data') throw error
        throw new GatehouseError('bad_data', `${url}: ${error.message}`, { cause: error })
      }
    }),
  )
}
