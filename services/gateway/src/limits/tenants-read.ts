import type { Constraints } from '@gatehouse/authz'
import { type Conjunction, createAdmission } from '@gatehouse/query'
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

/** Tenants whose series a question may read: those its caller's constraints and, where it has selectors, any of them admit. */
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
  const asked = selectorsOf(question, read).map(onTenant)
  const does = createAdmission(asked)
  return tenants.filter((tenant) => may({ [tenantLabel]: tenant }) && does({ [tenantLabel]: tenant }))
}

/** A look-up without `match[]` is one of everything. */
function selectorsOf(question: Question, read: QueryReader): readonly Conjunction[] {
  if ('query' in question) return read(question.query).selectors
  const matches = 'matches' in question ? question.matches : []
  return matches.length === 0 ? [[]] : matches.flatMap((match) => read(match).selectors)
}
