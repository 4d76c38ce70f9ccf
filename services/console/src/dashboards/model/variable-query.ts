/** What the query of a variable asks for. */
export type VariableQuery =
  | { readonly kind: 'label-values'; readonly label: string; readonly selector: string | undefined }
  | { readonly kind: 'label-names'; readonly selector: string | undefined }
  | { readonly kind: 'metrics'; readonly pattern: string }
  | { readonly kind: 'query-result'; readonly expr: string }
  | { readonly kind: 'series'; readonly selector: string }

/** Reads the forms that Grafana's Prometheus data source knows; what is none of them is a selector of series. */
export function readVariableQuery(text: string): VariableQuery | undefined {
  const query = text.trim()
  if (query === '') return undefined
  const values = /^label_values\((?:([\s\S]+),\s*)?([a-zA-Z_][a-zA-Z0-9_]*)\s*\)$/.exec(query)
  if (values?.[2] !== undefined) {
    const selector = values[1]?.trim()
    return { kind: 'label-values', label: values[2], selector: selector === '' ? undefined : selector }
  }
  const names = /^label_names\(\s*([\s\S]*?)\s*\)$/.exec(query)
  if (names !== null) return { kind: 'label-names', selector: names[1] === '' ? undefined : names[1] }
  const metrics = /^metrics\(([\s\S]+)\)$/.exec(query)?.[1]
  if (metrics !== undefined) return { kind: 'metrics', pattern: metrics }
  const result = /^query_result\(([\s\S]+)\)$/.exec(query)?.[1]
  if (result !== undefined) return { kind: 'query-result', expr: result }
  return { kind: 'series', selector: query }
}
