import { useCan } from '../api/me-context.ts'
import { Select } from '../parts/field.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { useSearchState } from '../router/location.ts'
import { AccessPage } from './frame.tsx'
import { useGrantColumns } from './grants-table.tsx'
import { Listed } from './listed.tsx'
import { grants } from './model.ts'
import { useList } from './use-list.ts'

const kinds = [
  { value: '', text: 'everybody' },
  { value: 'team', text: 'teams' },
  { value: 'user', text: 'people' },
  { value: 'service-account', text: 'service accounts' },
]

/** All grants of the org. */
export default function GrantsScreen() {
  const can = useCan()
  const [search, change] = useSearchState()
  const kind = search.get('kind') ?? ''
  const list = useList(`/api/v1/grants${kind === '' ? '' : `?kind=${encodeURIComponent(kind)}`}`, grants)
  const columns = useGrantColumns()
  return (
    <AccessPage
      title="Grants"
      tools={
        <>
          <Select
            label="Grants of"
            isSmall
            isLabelHidden
            value={kind}
            onText={(value) => change({ kind: value })}
            options={kinds.map(({ value, text }) => ({ value, text: `Of ${text}` }))}
          />
          {can('grants:create') && (
            <Link to="/access/grants/new" className="button button-small button-main">
              New grant
            </Link>
          )}
        </>
      }
    >
      <Listed
        list={list}
        caption="Grants"
        columns={columns}
        rowKey={({ uid }) => uid}
        empty={
          <EmptyState title="No grant yet">
            <p>Without a grant, nobody in this org sees any series.</p>
          </EmptyState>
        }
      />
    </AccessPage>
  )
}
