import { type ReactNode, useState } from 'react'
import '../dashboards.css'
import { useCan } from '../../api/me-context.ts'
import { useRead } from '../../api/use-api.ts'
import { Badge } from '../../parts/chips.tsx'
import { TextField } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { EmptyState, Reading } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { Link } from '../../router/link.tsx'
import { useSearchState } from '../../router/location.ts'
import { dashboardsSchema, foldersSchema, type ListedGrant, type StoredDashboard } from '../data/api.ts'
import { useGrants } from '../data/use-grants.ts'
import { countItems, type FolderNode, folderTree, searchTree } from '../model/folders.ts'

type Node = FolderNode<StoredDashboard>

/** Who may do something with a folder or dashboard, in one line. */
function Permissions({
  grants,
  uid,
}: {
  readonly grants: readonly ListedGrant[]
  readonly uid: string | undefined
}) {
  const own = grants.filter(({ where }) => where.uid === uid && uid !== undefined)
  if (own.length === 0) return null
  const texts = own.map(({ subject, role }) => `${subject.uid} (${role})`)
  return (
    <span className="small muted">
      <span className="visually-hidden">Granted to </span>
      {texts.slice(0, 3).join(', ')}
      {texts.length > 3 ? ` and ${texts.length - 3} more` : ''}
    </span>
  )
}

function Item({ item, grants }: { readonly item: StoredDashboard; readonly grants: readonly ListedGrant[] }) {
  return (
    <li className="board-item">
      <Link to={`/dashboards/${encodeURIComponent(item.uid)}`}>{item.title}</Link>
      <span className="board-item-facts">
        {item.approval === null ? (
          <Badge>Not approved</Badge>
        ) : (
          <span className="small muted">
            Queries approved by {item.approval.by.kind === 'team' ? 'team ' : ''}
            {item.approval.by.uid}
          </span>
        )}
        <Permissions grants={grants} uid={item.uid} />
        <span className="small muted">
          Version {item.version}, <Time at={item.updatedAt} isRelative />
        </span>
      </span>
    </li>
  )
}

function Folder({
  node,
  grants,
  isOpenAtFirst,
}: {
  readonly node: Node
  readonly grants: readonly ListedGrant[]
  readonly isOpenAtFirst: boolean
}) {
  const [isOpen, setOpen] = useState(isOpenAtFirst)
  const count = countItems(node)
  return (
    <li className="board-folder">
      <div className="board-folder-head">
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name="down" />
          <strong>{node.title}</strong>
          <span className="small muted">
            {count} {count === 1 ? 'dashboard' : 'dashboards'}
          </span>
        </button>
        <Permissions grants={grants} uid={node.uid} />
      </div>
      {isOpen ? <Inside node={node} grants={grants} isOpenAtFirst={isOpenAtFirst} /> : null}
    </li>
  )
}

function Inside({
  node,
  grants,
  isOpenAtFirst,
}: {
  readonly node: Node
  readonly grants: readonly ListedGrant[]
  readonly isOpenAtFirst: boolean
}): ReactNode {
  if (node.folders.length + node.items.length === 0)
    return <p className="small muted board-nothing">Nothing in here.</p>
  return (
    <ul className="board-list" role="list">
      {node.folders.map((folder) => (
        <Folder key={folder.uid} node={folder} grants={grants} isOpenAtFirst={isOpenAtFirst} />
      ))}
      {node.items.map((item) => (
        <Item key={item.uid} item={item} grants={grants} />
      ))}
    </ul>
  )
}

function Tree({
  items,
  search,
  folder,
}: {
  readonly items: readonly StoredDashboard[]
  readonly search: string
  readonly folder: string | null
}) {
  const folders = useRead('/api/v1/folders?limit=1000', foldersSchema)
  const grants = useGrants()
  const can = useCan()
  return (
    <Reading read={folders} lines={6}>
      {({ items: all }) => {
        const tree = folderTree(all, items)
        const within = folder === null ? tree : (findFolder(tree, folder) ?? tree)
        const found = searchTree(within, search)
        if (countItems(tree) === 0)
          return (
            <EmptyState title="No dashboard is open to you yet">
              <p>
                {can('dashboards:create')
                  ? 'Import a Grafana dashboard: its JSON becomes the first one here.'
                  : 'Somebody who manages dashboards can let you open theirs: ask your team for the role “viewer” on a folder.'}
              </p>
            </EmptyState>
          )
        if (countItems(found) === 0)
          return (
            <EmptyState title="Nothing found">
              <p>No title of a dashboard or folder holds “{search}”.</p>
            </EmptyState>
          )
        return (
          <div className="card board-tree">
            {within.uid === undefined ? null : (
              <p className="row">
                <strong>{within.title}</strong>
                <Link to="/dashboards">All folders</Link>
              </p>
            )}
            <Inside key={`${search}${folder}`} node={found} grants={grants} isOpenAtFirst />
          </div>
        )
      }}
    </Reading>
  )
}

function findFolder(node: Node, uid: string): Node | undefined {
  if (node.uid === uid) return node
  for (const folder of node.folders) {
    const found = findFolder(folder, uid)
    if (found !== undefined) return found
  }
  return undefined
}

/** All dashboards I may open, in their folders. */
export default function ListScreen() {
  const read = useRead('/api/v1/dashboards?limit=1000', dashboardsSchema)
  const [parameters, change] = useSearchState()
  const can = useCan()
  const search = parameters.get('search') ?? ''
  return (
    <div className="stack">
      <div className="board-head">
        <h1>Dashboards</h1>
        {can('dashboards:create') ? (
          <Link className="button" to="/dashboards/import">
            <Icon name="plus" />
            Import
          </Link>
        ) : null}
      </div>
      <TextField
        label="Search by title"
        type="search"
        value={search}
        onText={(text) => change({ search: text }, { replace: true })}
      />
      <Reading read={read} lines={6}>
        {({ items }) => <Tree items={items} search={search} folder={parameters.get('folder')} />}
      </Reading>
    </div>
  )
}
