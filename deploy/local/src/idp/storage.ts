import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  readonly until: number
}

/**
 * Sessions, codes and grants of the identity provider, in memory: they may go when it stops, as its tokens are signed
 * and verify without it. Expired entries are swept when new ones come.
 */
export function createStorage(): (model: string) => Adapter {
  const entries = new Map<string, Entry>()
  const sweep = (): void => {
    for (const [key, { until }] of entries) if (until < Date.now()) entries.delete(key)
  }
  return (model) => {
    const keyOf = (id: string): string => `${model}:${id}`
    const find = async (id: string): Promise<AdapterPayload | undefined> => {
      const entry = entries.get(keyOf(id))
      return entry !== undefined && entry.until >= Date.now() ? entry.payload : undefined
    }
    const findBy = async (
      matches: (payload: AdapterPayload) => boolean,
    ): Promise<AdapterPayload | undefined> =>
      [...entries].find(([key, { payload }]) => key.startsWith(`${model}:`) && matches(payload))?.[1].payload
    return {
      find,
      findByUid: (uid) => findBy((payload) => payload.uid === uid),
      findByUserCode: (userCode) => findBy((payload) => payload.userCode === userCode),
      upsert: async (id, payload, expiresIn = Number.POSITIVE_INFINITY) => {
        sweep()
        entries.set(keyOf(id), { payload, until: Date.now() + expiresIn * 1000 })
      },
      consume: async (id) => {
        const payload = await find(id)
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async (id) => {
        entries.delete(keyOf(id))
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key)
      },
    }
  }
}
