import { type Guardrail, parseConstraint } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import type { Matcher } from '@gatehouse/promql'
import type { OrgTransaction } from './transaction.ts'

type Row = { uid: string; selector: string; reason: string }

/** A guardrail that cannot be read shuts everything: an empty selector matches every series. */
function selectorOf(text: string): readonly Matcher[] {
  try {
    return parseConstraint(text)
  } catch (error) {
    if (isGatehouseError(error)) return []
    throw error
  }
}

/** Guardrails of the entered org. */
export async function listGuardrails(tx: OrgTransaction): Promise<readonly Guardrail[]> {
  const rows = await tx.rows<Row>(
    'select uid, selector, reason from guardrails where org_uid = app_org() order by uid',
  )
  return rows.map(({ uid, selector, reason }) => ({ uid, selector: selectorOf(selector), reason }))
}
