import { GatehouseError } from '@gatehouse/errors'
import { RE2JS } from 're2js'
import { withLabel } from '../labels.ts'
import type { Labels, Series } from '../model.ts'
import type { Semantics } from '../semantics.ts'
import { joinEqual } from '../series.ts'

/**
 * `label_replace` with its string arguments in order: destination, replacement, source, regex.
 * @throws GatehouseError `execution` for an invalid regex or label name, or when series become equal.
 */
export function labelReplace(
  vector: readonly Series[],
  args: readonly string[],
  semantics: Semantics,
): Series[] {
  const [target = '', replacement = '', source = '', regex = ''] = args
  const pattern = compile(regex, semantics)
  if (!isLabelName(target, semantics)) {
    throw new GatehouseError('execution', `invalid destination label name in label_replace(): ${target}`)
  }
  const template = parseTemplate(replacement)
  return relabel(vector, semantics, (labels) => {
    const matcher = pattern.matcher(labels.get(source) ?? '')
    if (!matcher.matches()) return labels
    const groups = pattern.namedGroups()
    const expanded = template
      .map((part) => (part.kind === 'text' ? part.text : groupText(matcher, groupIndex(part.name, groups))))
      .join('')
    return withLabel(labels, target, expanded)
  })
}

type Matcher = ReturnType<RE2JS['matcher']>

function compile(regex: string, semantics: Semantics): RE2JS {
  try {
    return RE2JS.compile(regex, semantics.dotMatchesNewline ? RE2JS.DOTALL : 0)
  } catch {
    throw new GatehouseError('execution', `invalid regular expression in label_replace(): ${regex}`)
  }
}

function groupText(matcher: Matcher, index: number | undefined): string {
  if (index === undefined || index > matcher.groupCount()) return ''
  return matcher.group(index) ?? ''
}

function groupIndex(name: string, groups: Readonly<Record<string, number>>): number | undefined {
  // Go takes a number with a leading zero, or of more than nine digits, for the name of a group.
  if (/^(0|[1-9][0-9]{0,8})$/.test(name)) return Number(name)
  return Object.hasOwn(groups, name) ? groups[name] : undefined
}

type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'group'; readonly name: string }

/** Go's template syntax of Regexp.Expand: `$1`, `$name`, `${name}` and `$$`; any other `$` is literal. */
function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  const pattern = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu
  let end = 0
  for (const match of template.matchAll(pattern)) {
    parts.push({ kind: 'text', text: template.slice(end, match.index) })
    const name = match[1] ?? match[2]
    parts.push(name === undefined ? { kind: 'text', text: '$' } : { kind: 'group', name })
    end = match.index + match[0].length
  }
  parts.push({ kind: 'text', text: template.slice(end) })
  return parts
}

/**
 * `label_join` with its string arguments in order: destination, separator, sources.
 * @throws GatehouseError `execution` for an invalid label name, or when series become equal.
 */
export function labelJoin(
  vector: readonly Series[],
  args: readonly string[],
  semantics: Semantics,
): Series[] {
  const [target = '', separator = '', ...sources] = args
  for (const source of sources) {
    if (!isLabelName(source, semantics)) {
      throw new GatehouseError('execution', `invalid source label name in label_join(): ${source}`)
    }
  }
  if (!isLabelName(target, semantics)) {
    throw new GatehouseError('execution', `invalid destination label name in label_join(): ${target}`)
  }
  const join = (labels: Labels) =>
    withLabel(labels, target, sources.map((source) => labels.get(source) ?? '').join(separator))
  if (!semantics.strictJoin) return vector.map((series) => ({ ...series, labels: join(series.labels) }))
  return relabel(vector, semantics, join)
}

function relabel(
  vector: readonly Series[],
  semantics: Semantics,
  change: (labels: Labels) => Labels,
): Series[] {
  const changed = vector.map((series) => ({ ...series, labels: change(series.labels) }))
  return joinEqual(changed, !semantics.mergeAlternating)
}

function isLabelName(name: string, semantics: Semantics): boolean {
  if (semantics.utf8Names) return name !== '' && name.isWellFormed()
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}
