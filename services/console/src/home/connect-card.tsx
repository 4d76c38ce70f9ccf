import { useState } from 'react'
import type { MyDataSource } from '../api/me.ts'
import { BreakableText } from '../parts/breakable-text.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Select } from '../parts/field.tsx'
import { SetupTabs } from './setup-tabs.tsx'
import { snippetsFor } from './snippets.ts'

/** How Grafana, promtool, Perses and others ask through Gatehouse, ready to paste. */
export function ConnectCard({ sources }: { readonly sources: readonly MyDataSource[] }) {
  const [uid, setUid] = useState(sources[0]?.uid ?? '')
  const source = sources.find((one) => one.uid === uid) ?? sources[0]
  if (source === undefined) return null
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
      <SetupTabs snippets={snippetsFor(source)} />
    </section>
  )
}
