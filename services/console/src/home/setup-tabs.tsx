import { useState } from 'react'
import { BreakableText } from '../parts/breakable-text.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Tabs } from '../parts/tabs.tsx'
import type { Snippet } from './snippets.ts'

/** The setup of one client after the other, each file and command ready to copy. */
export function SetupTabs({ snippets }: { readonly snippets: readonly Snippet[] }) {
  const [tab, setTab] = useState('grafana')
  const snippet = snippets.find(({ id }) => id === tab) ?? snippets[0]
  if (snippet === undefined) return null
  return (
    <Tabs label="Tools" tabs={snippets} selected={snippet.id} onSelect={setTab}>
      <div className="stack-tight">
        <p className="small">{snippet.advice}</p>
        {snippet.pieces.map(({ name, text }) => (
          <div key={`${snippet.id} ${name}`} className="stack-tight">
            <div className="row row-apart">
              <span className="small">
                <BreakableText text={name} />
              </span>
              <CopyButton text={text} what={`${name} for ${snippet.title}`} />
            </div>
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
            <pre className="snippet" tabIndex={0} role="region" aria-label={`${snippet.title}: ${name}`}>
              {text}
            </pre>
          </div>
        ))}
      </div>
    </Tabs>
  )
}
