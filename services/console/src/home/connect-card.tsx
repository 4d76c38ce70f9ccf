import { useState } from 'react'
import type { MyDataSource } from '../api/me.ts'
import { BreakableText } from '../parts/breakable-text.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Select } from '../parts/field.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { snippetsFor } from './snippets.ts'

/** How Grafana, promtool, Perses and others ask through Gatehouse, ready to paste. */
export function ConnectCard({ sources }: { readonly sources: readonly MyDataSource[] }) {
  const [uid, setUid] = useState(sources[0]?.uid ?? '')
  const [tab, setTab] = useState('grafana')
  const source = sources.find((one) => one.uid === uid) ?? sources[0]
  if (source === undefined) return null
  const snippets = snippetsFor(source.uid, source.url)
  const snippet = snippets.find(({ id }) => id === tab) ?? snippets[0]
  return (
    <section className="card stack" aria-labelledby="connect">
      <h2 id="connect">Connect your tools</h2>
      {sources.length > 1 && (
        <Select
          label="Data source"
          value={source.uid}
          onText={setUid}
          options={sources.map((one) => ({ value: one.uid, text: one.name }))}
        />
      )}
      <div className="stack-tight">
        <div className="row row-apart">
          <h3>Address for any Prometheus client</h3>
          <CopyButton text={source.url} what="the address" />
        </div>
        <code className="selector">
          <BreakableText text={source.url} />
        </code>
      </div>
      <Tabs label="Tools" tabs={snippets} selected={tab} onSelect={setTab}>
        {snippet !== undefined && (
          <div className="stack-tight">
            <div className="row row-apart row-top">
              <p className="small grow">{snippet.advice}</p>
              <CopyButton text={snippet.text} what={`the setup of ${snippet.title}`} />
            </div>
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
            <pre className="snippet" tabIndex={0} role="region" aria-label={`Setup of ${snippet.title}`}>
              {snippet.text}
            </pre>
          </div>
        )}
      </Tabs>
    </section>
  )
}
