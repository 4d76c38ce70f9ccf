import type { Constraints } from '@gatehouse/authz'
import { createAdmission } from '@gatehouse/query'
import type { QueryReader } from '../cached/read-query.ts'
import type { Question } from '../question.ts'

/** A question and what its caller may see. */
interface Reading {
  readonly question: Question
  readonly tenantLabel: string
  readonly constraints: Constraints
  /** Tenants of the org. */
  readonly tenants: readonly string[]
  readonly read: QueryReader
}

/** Tenants whose series a question may read: those its caller's constraints and, of a query, any of its selectors admit. */
export function tenantsRead({
  question,
  tenantLabel,
  constraints,
  tenants,
  read,
}: Reading): readonly string[] {
  const onTenant = (matchers: Constraints['alternatives'][number]) =>
    matchers.filter(({ name }) => name === tenantLabel)
  const may = createAdmission(constraints.alternatives.map(onTenant))
  const asked = 'query' in question ? read(question.query).selectors.map(onTenant) : [[]]
  const does = createAdmission(asked)
  return tenants.filter((tenant) => may({ [tenantLabel]: tenant }) && does({ [tenantLabel]: tenant }))
}
