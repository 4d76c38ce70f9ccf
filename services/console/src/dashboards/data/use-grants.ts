import { useCan } from '../../api/me-context.ts'
import { useRead } from '../../api/use-api.ts'
import { grantsSchema, type ListedGrant } from './api.ts'

/** Grants on folders and dashboards, as far as I may see them. */
export function useGrants(): readonly ListedGrant[] {
  const can = useCan()
  const { value } = useRead(can('grants:read') ? '/api/v1/grants?limit=1000' : undefined, grantsSchema)
  return (value?.items ?? []).filter(({ where }) => where.kind === 'folder' || where.kind === 'dashboard')
}
