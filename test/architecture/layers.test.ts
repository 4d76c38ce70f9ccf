import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { violations } from './layers.ts'
import { projectGraph, root } from './workspace.ts'

const planted = mkdtempSync(join(tmpdir(), 'gatehouse-planted-'))
afterAll(() => rmSync(planted, { recursive: true, force: true }))

function copyWorkspace(): void {
  for (const entry of ['package.json', 'nx.json', 'tsconfig.base.json', 'package-lock.json', '.gitignore']) {
    cpSync(join(root, entry), join(planted, entry))
  }
  for (const entry of ['libs', 'services', 'deploy', 'test']) {
    const keep = (path: string): boolean =>
      !/\/(node_modules|dist|\.tools)(\/|$)/.test(path.slice(root.length))
    cpSync(join(root, entry), join(planted, entry), { recursive: true, filter: keep })
  }
  symlinkSync(join(root, 'node_modules'), join(planted, 'node_modules'))
}

describe('imports point down', () => {
  it('holds for every package', () => {
    const projects = projectGraph(root)
    expect(projects.length).toBeGreaterThan(10)
    expect(violations(projects)).toEqual([])
  })

  it('finds a planted violation in a copy of the workspace', () => {
    copyWorkspace()
    const file = join(planted, 'libs/promql/package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> }
    manifest.dependencies['@gatehouse/store'] = '0.1.0'
    writeFileSync(file, JSON.stringify(manifest))
    expect(violations(projectGraph(planted))).toContainEqual(
      expect.stringContaining('@gatehouse/promql (pure) imports @gatehouse/store (adapter)'),
    )
  })
})
