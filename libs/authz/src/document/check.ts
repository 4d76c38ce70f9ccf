import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { shippedRoles } from '../roles.ts'
import { shardMapFault } from './shard-map.ts'
import { type AccessDocument, accessDocumentSchema, type GrantDocument, type OrgDocument } from './schema.ts'

/** A fault of an access file, with where it is: `orgs.health.grants.2`. */
export interface DocumentFault {
  readonly path: string
  readonly message: string
}

type Report = (path: string, message: string) => void

function reportDuplicates(path: string, names: readonly string[], report: Report): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) report(path, `${name} stands twice`)
    seen.add(name)
  }
}

function reportFolders({ folders }: OrgDocument, report: Report): void {
  const parents = new Map(folders.map(({ uid, parent }) => [uid, parent]))
  for (const { uid, parent } of folders) {
    if (parent !== undefined && !parents.has(parent))
      report(`folders.${uid}`, `its parent ${parent} does not exist`)
    const path = new Set([uid])
    for (let above = parent; above !== undefined; above = parents.get(above)) {
      if (path.has(above) || path.size >= 16) {
        report(`folders.${uid}`, 'is inside itself, or deeper than 16 levels')
        break
      }
      path.add(above)
    }
  }
}

function reportGrant(org: OrgDocument, grant: GrantDocument, report: (message: string) => void): void {
  const has = (list: readonly { readonly uid: string }[], uid: string): boolean =>
    list.some((entry) => entry.uid === uid)
  const known = [...shippedRoles, ...org.roles].some(({ name }) => name === grant.role)
  if (!known) report(`there is no role ${grant.role}`)
  if ('team' in grant && !has(org.teams, grant.team)) report(`there is no team ${grant.team}`)
  if ('serviceAccount' in grant && !has(org.serviceAccounts, grant.serviceAccount))
    report(`there is no service account ${grant.serviceAccount}`)
  const { on } = grant
  if (on === undefined) return
  if ('folder' in on && !has(org.folders, on.folder)) report(`there is no folder ${on.folder}`)
  if ('dataSource' in on && !has(org.dataSources, on.dataSource))
    report(`there is no data source ${on.dataSource}`)
  if ('team' in on && !has(org.teams, on.team)) report(`there is no team ${on.team}`)
}

function reportDataSources({ dataSources }: OrgDocument, report: Report): void {
  for (const { uid, shards } of dataSources) {
    const path = `dataSources.${uid}`
    const fault = shardMapFault(shards)
    if (fault !== undefined) report(path, fault)
    for (const { name, replicas } of shards)
      reportDuplicates(
        `${path}.${name}`,
        replicas.map((replica) => replica.name),
        report,
      )
  }
}

function reportOrg(org: OrgDocument, report: Report): void {
  for (const list of ['teams', 'serviceAccounts', 'folders', 'dataSources', 'guardrails'] as const) {
    reportDuplicates(
      list,
      org[list].map(({ uid }) => uid),
      report,
    )
  }
  reportDuplicates(
    'roles',
    [...shippedRoles, ...org.roles].map(({ name }) => name),
    report,
  )
  if (org.platform && org.tenants.length > 0) report('tenants', 'the platform org owns none')
  for (const { uid, team } of org.serviceAccounts) {
    if (team !== undefined && !org.teams.some((entry) => entry.uid === team))
      report(`serviceAccounts.${uid}`, `there is no team ${team}`)
  }
  reportFolders(org, report)
  reportDataSources(org, report)
  for (const [index, grant] of org.grants.entries())
    reportGrant(org, grant, (message) => report(`grants.${index}`, message))
}

/** Faults that no single value shows: names that stand twice, references to what is not there. */
export function faultsOf(document: AccessDocument): readonly DocumentFault[] {
  const faults: DocumentFault[] = []
  const report: Report = (path, message) => faults.push({ path, message })
  const { orgs } = document
  reportDuplicates(
    'orgs',
    orgs.map(({ uid }) => uid),
    report,
  )
  reportDuplicates(
    'orgs',
    orgs.flatMap(({ tenants }) => tenants),
    report,
  )
  if (orgs.filter(({ platform }) => platform).length > 1) report('orgs', 'only one org may be the platform')
  for (const org of orgs) reportOrg(org, (path, message) => report(`orgs.${org.uid}.${path}`, message))
  return faults
}

/**
 * Parses and checks an access document.
 * @param value The parsed YAML or JSON.
 * @throws GatehouseError `bad_data` naming every fault and where it is.
 */
export function parseAccessDocument(value: unknown): AccessDocument {
  const parsed = accessDocumentSchema.safeParse(value)
  if (!parsed.success) throw new GatehouseError('bad_data', z.prettifyError(parsed.error))
  const faults = faultsOf(parsed.data)
  if (faults.length > 0)
    throw new GatehouseError('bad_data', faults.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return parsed.data
}
