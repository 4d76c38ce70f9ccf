/** A query by curl, ready to paste; the token comes from the environment so that it stays out of the shell's history. */
export function curlSnippet(url: string, query: string): string {
  const quoted = query.replaceAll("'", String.raw`'\''`)
  return [
    `curl -sSG '${url}/api/v1/query' \\`,
    `  -H "Authorization: Bearer $GATEHOUSE_TOKEN" \\`,
    `  --data-urlencode 'query=${quoted}'`,
  ].join('\n')
}
