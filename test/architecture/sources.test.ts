import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pureArrows, pureDependencies } from './layers.ts'
import { root, type Source, sources } from './workspace.ts'

const all = sources(['libs', 'services', 'deploy/local'])
const product = all.filter(({ path }) => !/\.test\.tsx?$/.test(path))
const pure = product.filter(({ path }) =>
  Object.keys(pureArrows).some((lib) => path.startsWith(`libs/${lib}/src/`)),
)

function imported(source: Source): string[] {
  const statement =
    /^\s*(?:import|export)\b[^'"`;=]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm
  return [...source.text.matchAll(statement)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function offenders(where: readonly Source[], pattern: RegExp): string[] {
  return where.flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
    const found = code.match(pattern)
    return found === null ? [] : [`${path}: ${found[0]}`]
  })
}

describe('sources', () => {
  it('are found', () => {
    expect(pure.length).toBeGreaterThan(10)
  })

  // Nx reads the declared edges, so every import must be declared for the layer table to see it.
  it('declare what they import', () => {
    const file = (folder: string): string => readFileSync(join(root, folder, 'package.json'), 'utf8')
    const undeclared = all.flatMap((source) => {
      const folder = source.path.split('/').slice(0, 2).join('/')
      const {
        name,
        dependencies = {},
        devDependencies = {},
        optionalDependencies = {},
      } = JSON.parse(file(folder))
      const declared = { ...dependencies, ...devDependencies, ...optionalDependencies, [name]: '' }
      return imported(source)
        .filter((target) => !/^(\.|node:|vitest$|fast-check$)/.test(target))
        .map((target) =>
          target
            .split('/')
            .slice(0, target.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter((target) => !(target in declared))
        .map((target) => `${source.path} → ${target}`)
    })
    expect(undeclared).toEqual([])
  })

  it('leave their package only by its name', () => {
    const escapes = all.flatMap((source) => {
      const depth = source.path.split('/').length - 3
      return (
        imported(source)
          // Tests that need a server share its start-up.
          .filter((name) => !(source.path.endsWith('.test.ts') && name.includes('/test/support/')))
          .filter(
            (name) => name.startsWith('.') && name.split('/').filter((part) => part === '..').length > depth,
          )
          .map((name) => `${source.path} → ${name}`)
      )
    })
    expect(escapes).toEqual([])
  })

  it('of pure libraries import no input/output and nothing unlisted', () => {
    const wrong = pure.flatMap((source) =>
      imported(source)
        .filter((name) => !name.startsWith('.') && !name.startsWith('@gatehouse/'))
        .filter(
          (name) => !pureDependencies.some((allowed) => name === allowed || name.startsWith(`${allowed}/`)),
        )
        .map((name) => `${source.path} → ${name}`),
    )
    expect(wrong).toEqual([])
  })

  it('of pure libraries read no clock and no random source', () => {
    expect(
      offenders(pure, /Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\.|randomUUID/),
    ).toEqual([])
  })

  it('never compile a regular expression from data in the query path', () => {
    const path = product.filter(({ path }) =>
      /^(libs\/(promql|query|authz|upstream)|services\/gateway)\//.test(path),
    )
    expect(offenders(path, /new RegExp\(|[^.\w]RegExp\(/)).toEqual([])
  })

  it('read the environment only where a process starts', () => {
    const allowed =
      /^(libs\/config\/|deploy\/local\/|services\/cli\/|services\/[a-z]+\/src\/main\.ts|services\/console\/vite)/
    expect(
      offenders(
        product.filter(({ path }) => !allowed.test(path)),
        /process\.env/,
      ),
    ).toEqual([])
  })

  it('hold SQL only in the store', () => {
    const outside = product.filter(
      ({ path }) => !path.startsWith('libs/store/') && !path.startsWith('deploy/local/'),
    )
    expect(offenders(outside, /\b(select\s+[\w*,\s.]+\s+from|insert\s+into|delete\s+from)\b/i)).toEqual([])
  })

  it('stay under 400 lines (tables and generated files aside)', () => {
    const long = product
      .filter(({ path }) => !/\.gen\.ts$|(functions|corpus)[\w-]*\.ts$/.test(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > 400)
    expect(long).toEqual([])
  })
})
