import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, sources } from './workspace.ts'

const skipped = /(^|\/)(node_modules|dist|artefacts|\.\w+)(\/|$)/

function documents(): readonly { readonly path: string; readonly text: string }[] {
  return ['.', 'docs', 'deploy', 'services', 'libs', 'policies', 'migrations', 'test']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((path) => path.endsWith('.md') && !skipped.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** A `.ts` file handed to `node` outside of `npm exec`: the system's Node may be too old to read it. */
function bareCalls(text: string): readonly string[] {
  return (text.match(/(?:^|.)\bnode\s+(?:-\S+\s+)*[\w./-]+\.ts\b/gm) ?? []).filter(
    (call) => !call.startsWith("'"),
  )
}

describe('documented commands', () => {
  it('run on whatever Node there is: TypeScript goes through npm', () => {
    const comments = sources(['bench', 'scripts', 'test', 'libs', 'services', 'deploy/local']).map(
      ({ path, text }) => ({ path, text: (text.match(/^\s*(?:\/\/|\/?\*).*$/gm) ?? []).join('\n') }),
    )
    const all = [...documents(), ...comments]
    expect(all.filter(({ path }) => path.endsWith('.md')).length).toBeGreaterThan(30)
    const wrong = all.flatMap(({ path, text }) => bareCalls(text).map((call) => `${path}: ${call.trim()}`))
    expect(wrong).toEqual([])
  })

  it('name scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const named = documents().flatMap(({ text }) => [...text.matchAll(/npm run ([a-z][\w:-]*)/g)])
    const missing = named.map(([, name = '']) => name).filter((name) => !(name in scripts))
    expect(missing).toEqual([])
    expect(bareCalls('`node bench/cache.ts`\n  node --expose-gc a/b.ts')).toHaveLength(2)
    expect(bareCalls("npm exec -c 'node scripts/a.ts'")).toEqual([])
  })
})
