import type { ApprovedDashboard, OrgPolicy, Resource } from '@gatehouse/authz'
import { enterTime, listApprovedDashboards, type OrgTransaction, readSnapshot } from '@gatehouse/store'
import type { ManageDeps } from '../../manage.ts'

/** What a question about access is answered from. */
export interface Settings {
  readonly policy: OrgPolicy
  readonly dashboards: readonly ApprovedDashboard[]
  readonly resource: Resource
  /** The moment asked about; ms since the epoch. */
  readonly now: number
}

/** Which settings a question is about. */
interface Asked {
  readonly at?: string | undefined
  readonly settings: 'then' | 'now'
}

/**
 * Reads the settings a question is about: those of now, or those of the past time it names, with the resource as it was then.
 * @throws GatehouseError `bad_data` for a time before they are known, and what `load` throws.
 */
export async function settingsFor(
  { policyOf, changes }: Pick<ManageDeps, 'policyOf' | 'changes'>,
  orgUid: string,
  ask: Asked & { readonly load: (tx: OrgTransaction, policy: OrgPolicy) => Promise<Resource> },
): Promise<Settings> {
  const now = Date.now()
  const at = ask.at === undefined ? now : Date.parse(ask.at)
  if (ask.settings === 'now' || at >= now) {
    const policy = await policyOf(orgUid)
    return changes.read(orgUid, async (tx) => {
      const resource = await ask.load(tx, policy)
      return { policy, dashboards: await listApprovedDashboards(tx), resource, now: at }
    })
  }
  return changes.read(orgUid, async (tx) => {
    await enterTime(tx, at)
    const { policy, dashboards } = await readSnapshot(tx)
    return { policy, dashboards, resource: await ask.load(tx, policy), now: at }
  })
}
