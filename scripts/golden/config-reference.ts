import { configSchema } from '@gatehouse/config'
import { z } from 'zod'

interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly minimum?: number
  readonly maximum?: number
}

function inputSchema(): Node {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Node
}

/** The configuration's JSON Schema, for editors (`# yaml-language-server: $schema=…`). */
export function configSchemaJson(): string {
  return `${JSON.stringify(inputSchema(), undefined, 2)}\n`
}

/** docs/configuration.md: every key with its type, default and meaning. */
export function configReference(): string {
  const rows = flatten('', inputSchema())
  return [
    '# Configuration',
    '',
    'One YAML file, given by `--config.file`. Unknown keys are refused. Secrets are best read from files (`file`, `urlFile`,',
    '`adminUrlFile`, relative to the configuration file). Durations are written as `30s`, `5m`, `1h30m`.',
    '`gatehouse serve --config.file … --config.check` only checks the file.',
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n')
}

function flatten(path: string, node: Node): string[][] {
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([key, child]) =>
      flatten(path === '' ? key : `${path}.${key}`, child),
    )
  }
  if (node.type === 'array' && node.items?.properties !== undefined) return flatten(`${path}[]`, node.items)
  const shown = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``
  return [[`\`${path}\``, typeName(node), shown, escape(node.description ?? '')]]
}

function typeName(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (node.type === 'array') return `list of ${node.items === undefined ? 'any' : typeName(node.items)}`
  const bounds = [node.minimum, node.maximum].filter(
    (b) => b !== undefined && Math.abs(b) < Number.MAX_SAFE_INTEGER,
  )
  return `${node.type ?? 'any'}${bounds.length === 2 ? ` ${bounds.join('–')}` : ''}`
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
