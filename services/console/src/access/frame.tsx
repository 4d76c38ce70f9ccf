import type { ReactNode } from 'react'
import { useCan } from '../api/me-context.ts'
import { LinkTabs } from '../parts/tabs.tsx'
import { usePath } from '../router/location.ts'
import './access.css'

/** The pages of Access, each with the actions one of which it needs. */
export const accessPages = [
  { to: '/access/why', title: 'Why', needs: ['access:explain', 'datasources:query'] },
  { to: '/access/who', title: 'Who can see', needs: ['access:explain'] },
  { to: '/access/people', title: 'People', needs: ['users:read'] },
  { to: '/access/teams', title: 'Teams', needs: ['teams:read'] },
  { to: '/access/roles', title: 'Roles', needs: ['roles:read'] },
  { to: '/access/grants', title: 'Grants', needs: ['grants:read'] },
  { to: '/access/data-sources', title: 'Data sources', needs: ['datasources:read'] },
  { to: '/access/service-accounts', title: 'Service accounts', needs: ['serviceaccounts:read'] },
  { to: '/access/rehearsals', title: 'Rehearsals', needs: ['access:explain'] },
  { to: '/access/requests', title: 'Requests', needs: [] },
] as const

/** A page of Access: the tabs that this person can use, a title, and what stands beside it. */
export function AccessPage({
  title,
  tools,
  children,
}: {
  readonly title: string
  readonly tools?: ReactNode
  readonly children: ReactNode
}) {
  const can = useCan()
  const tabs = accessPages.filter(({ needs }) => needs.length === 0 || needs.some(can))
  return (
    <>
      <LinkTabs label="Access" tabs={tabs} path={usePath()} />
      <div className="screen-head access-head">
        <h1>{title}</h1>
        {tools !== undefined && <div className="screen-tools row">{tools}</div>}
      </div>
      <div className="stack">{children}</div>
    </>
  )
}
