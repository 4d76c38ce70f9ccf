import { type Endpoint, endpoints } from '@gatehouse/gateway'

const treatments: Readonly<Record<Endpoint['treatment'], string>> = {
  enforce:
    'the constraints of the caller’s grants are put on every selector; none given means all the caller may see',
  filter:
    'shards are asked, and what the constraints do not admit is left out of the answer, which is written anew',
  operator:
    'what one replica says of itself, passed on as it is; for those of the platform org who hold the action, and of any `org`',
  local: 'answered by the gateway; nothing of the request is forwarded',
}

function row({ root = 'prom', path, methods, treatment, parameters, action, auditCode }: Endpoint): string {
  const names = Object.keys(parameters).map((name) => `\`${name}\``)
  return `| \`${root === 'prom' ? '' : `/${root}/{data-source}`}${path}\` | ${methods.join(', ')} | ${treatment} | ${names.join(', ')} | \`${action}\` | \`${auditCode}\` |`
}

/** The reference page of the data plane's endpoints. */
export function endpointReference(): string {
  const rows = endpoints.map(row)
  const kinds = Object.entries(treatments).map(([name, meaning]) => `- **${name}**: ${meaning}.`)
  return `# Endpoints of the gateway

Generated from \`services/gateway/src/endpoints.ts\` by \`npm run golden\`. Paths stand below \`/prom/{data-source}\` unless they say otherwise; the data source \`all\` is
everything of the caller’s org that the caller may query. A path that is not in this table is answered 404 and audited, whatever a shard
would say to it: configuration, flags, administration, remote read and write, and user interfaces of the shards are never reached.

How a request is treated:

${kinds.join('\n')}

Parameters that are not listed are dropped unread. Another method is answered 405, \`OPTIONS\` with 204 and the methods there are in \`Allow\`,
without CORS headers: no page of another origin may ask.

| Path | Methods | Treatment | Parameters | Action | Audit code |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}
