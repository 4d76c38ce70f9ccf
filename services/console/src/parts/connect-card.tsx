import type { MyDataSource } from '../api/me.ts'
import { BreakableText } from './breakable-text.tsx'
import { CopyButton } from './copy-button.tsx'

/** A query by curl, ready to paste; the token comes from the environment so that it stays out of the shell's history. */
export function curlSnippet(url: string, query: string): string {
  const quoted = query.replaceAll("'", String.raw`'\''`)
  return [
    `curl -sSG '${url}/api/v1/query' \\`,
    `  -H "Authorization: Bearer $GATEHOUSE_TOKEN" \\`,
    `  --data-urlencode 'query=${quoted}'`,
  ].join('\n')
}

/** How a program asks the same. */
export function ConnectCard({ source, query }: { readonly source: MyDataSource; readonly query: string }) {
  const snippet = curlSnippet(source.url, query)
  return (
    <section className="card stack" aria-labelledby="connect">
      <h2 id="connect">Ask from a program</h2>
      <p>
        Any Prometheus client works with this address. Programs sign in with a service-account token; put it
        into <code>GATEHOUSE_TOKEN</code>.
      </p>
      <div className="stack-tight">
        <div className="row row-apart">
          <h3>Address</h3>
          <CopyButton text={source.url} what="the address" />
        </div>
        <code className="selector">
          <BreakableText text={source.url} />
        </code>
      </div>
      <div className="stack-tight">
        <div className="row row-apart">
          <h3>curl</h3>
          <CopyButton text={snippet} what="the curl command" />
        </div>
        {/* A box that scrolls must be reachable by keyboard. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrollable region */}
        <pre className="snippet" tabIndex={0} role="region" aria-label="curl command">
          {snippet}
        </pre>
      </div>
    </section>
  )
}
