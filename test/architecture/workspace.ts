import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Project } from './layers.ts'

/** Root of this clone. */
export const root = join(import.meta.dirname, '../..')

interface NxGraph {
  graph: {
    nodes: Record<string, { data: { tags?: string[] } }>
    dependencies: Record<string, { target: string }[]>
  }
}

/** The workspace's packages and their imports, from Nx's project graph of `workspace`. */
export function projectGraph(workspace: string): Project[] {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-graph-'))
  const file = join(folder, 'graph.json')
  try {
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/nx/dist/bin/nx.js'), 'graph', `--file=${file}`],
      {
        cwd: workspace,
        env: { ...process.env, NX_DAEMON: 'false', NX_WORKSPACE_DATA_DIRECTORY: folder },
        stdio: 'pipe',
      },
    )
    const { graph } = JSON.parse(readFileSync(file, 'utf8')) as NxGraph
    return Object.entries(graph.nodes).map(([name, node]) => ({
      name,
      layer: node.data.tags?.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length),
      imports: (graph.dependencies[name] ?? []).map(({ target }) => target),
    }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A source file of the workspace, with its path from the root. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** Every TypeScript source under `folders`, generated files and tests included. */
export function sources(folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path))
      .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(join(root, folder, path), 'utf8') })),
  )
}
