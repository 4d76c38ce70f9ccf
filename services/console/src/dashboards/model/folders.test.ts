import { describe, expect, it } from 'vitest'
import { countItems, type FolderNode, folderTree, searchTree } from './folders.ts'

const folders = [
  { uid: 'a', title: 'Models', parentUid: null },
  { uid: 'b', title: 'Credit', parentUid: 'a' },
  { uid: 'c', title: 'Of others', parentUid: 'hidden' },
]
const items = [
  { title: 'Health 10', folderUid: 'b' },
  { title: 'Health 9', folderUid: 'b' },
  { title: 'Alone', folderUid: 'hidden' },
  { title: 'Top', folderUid: null },
]
const show = ({ title, folders: inner, items: own }: FolderNode<{ title: string }>): unknown => [
  title,
  inner.map(show),
  own.map((item) => item.title),
]

describe('folders', () => {
  it('are a tree; what is in one I may not see stands at the top', () => {
    expect(show(folderTree(folders, items))).toEqual([
      '',
      [
        ['Models', [['Credit', [], ['Health 9', 'Health 10']]], []],
        ['Of others', [], []],
      ],
      ['Alone', 'Top'],
    ])
  })

  it('are searched by their own titles and those in them', () => {
    const tree = folderTree(folders, items)
    expect(show(searchTree(tree, 'health 9'))).toEqual([
      '',
      [['Models', [['Credit', [], ['Health 9']]], []]],
      [],
    ])
    expect(countItems(searchTree(tree, 'CREDIT'))).toBe(2)
    expect(countItems(tree)).toBe(4)
  })

  it('that are in each other end', () => {
    const circle = [
      { uid: 'a', title: 'A', parentUid: 'b' },
      { uid: 'b', title: 'B', parentUid: 'a' },
      { uid: 'r', title: 'R', parentUid: null },
    ]
    expect(countItems(folderTree(circle, []))).toBe(0)
  })
})
