/** A folder with what is in it. */
export interface FolderNode<Item> {
  readonly uid: string | undefined
  readonly title: string
  readonly folders: readonly FolderNode<Item>[]
  readonly items: readonly Item[]
}

interface FolderOf {
  readonly uid: string
  readonly title: string
  readonly parentUid: string | null
}
interface ItemOf {
  readonly title: string
  readonly folderUid: string | null
}

const byTitle = (a: { readonly title: string }, b: { readonly title: string }): number =>
  a.title.localeCompare(b.title, 'en', { numeric: true })

/**
 * Folders as a tree. A folder whose parent I may not see stands at the top, and so does a dashboard in such a folder: seeing it is no
 * reason to see what is around it.
 */
export function folderTree<Item extends ItemOf>(
  folders: readonly FolderOf[],
  items: readonly Item[],
): FolderNode<Item> {
  const known = new Set(folders.map(({ uid }) => uid))
  const node = (folder: FolderOf, path: readonly string[]): FolderNode<Item> => ({
    uid: folder.uid,
    title: folder.title,
    folders: folders
      .filter(({ uid, parentUid }) => parentUid === folder.uid && !path.includes(uid))
      .toSorted(byTitle)
      .map((child) => node(child, [...path, child.uid])),
    items: items.filter(({ folderUid }) => folderUid === folder.uid).toSorted(byTitle),
  })
  return {
    uid: undefined,
    title: '',
    folders: folders
      .filter(({ parentUid }) => parentUid === null || !known.has(parentUid))
      .toSorted(byTitle)
      .map((folder) => node(folder, [folder.uid])),
    items: items.filter(({ folderUid }) => folderUid === null || !known.has(folderUid)).toSorted(byTitle),
  }
}

/** The tree with only what a search finds, and folders that hold some of it; everything in a folder whose own title fits. */
export function searchTree<Item extends ItemOf>(tree: FolderNode<Item>, text: string): FolderNode<Item> {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return tree
  const fits = ({ title }: { readonly title: string }): boolean => title.toLowerCase().includes(wanted)
  return {
    ...tree,
    items: tree.items.filter(fits),
    folders: tree.folders
      .map((folder) => (fits(folder) ? folder : searchTree(folder, text)))
      .filter((folder) => fits(folder) || folder.items.length > 0 || folder.folders.length > 0),
  }
}

/** How many dashboards are in a folder and those below it. */
export function countItems<Item>({ items, folders }: FolderNode<Item>): number {
  return items.length + folders.reduce((sum, folder) => sum + countItems(folder), 0)
}
