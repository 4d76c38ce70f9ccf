import { describe, expect, it } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

describe('a group commit', () => {
  it('writes what comes together together, in order', async () => {
    const batches: number[][] = []
    const commit = createGroupCommit<number>(async (items) => void batches.push([...items]), 1_000)
    await Promise.all([1, 2, 3].map((n) => commit.add(n)))
    await commit.add(4)
    expect(batches).toEqual([[1, 2, 3], [4]])
  })

  it('refuses the items of a failed write only', async () => {
    let fails = true
    const commit = createGroupCommit<number>(async () => {
      if (fails) throw new Error('no space')
    }, 1_000)
    await expect(commit.add(1)).rejects.toMatchObject({
      code: 'audit_unavailable',
      detail: 'Error: no space',
    })
    fails = false
    await commit.add(2)
  })

  it('refuses everyone while the disk hangs, and goes on when it answers', async () => {
    let answer = (): void => {}
    const commit = createGroupCommit<number>(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
      50,
    )
    const first = commit.add(1)
    await new Promise((resolve) => setTimeout(resolve, 10))
    const second = commit.add(2)
    await expect(first).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(second).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(commit.add(3)).rejects.toMatchObject({ code: 'audit_unavailable' })
    answer()
    await commit.idle()
    const later = commit.add(4)
    await new Promise((resolve) => setTimeout(resolve, 10))
    answer()
    await later
  })
})
