import { useState } from 'react'
import { Enforced } from '../../explore/enforced.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Drawer } from '../../parts/overlay.tsx'
import { Promql } from '../../parts/promql.tsx'
import { sentence } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useAsking } from '../data/context.ts'
import type { Outcome } from '../data/use-panel-data.ts'
import { type PanelRequest, type PanelRequests, requestKey } from '../model/requests.ts'
import { dateText } from '../../parts/written-time.ts'
import type { PanelView } from './panel-view.ts'

type Tab = 'queries' | 'enforced' | 'json'

function asked({ source, expr, start, end, step }: PanelRequest) {
  return { source, expr, at: step === undefined ? { time: end } : { start, end, step } }
}

function outcomeText(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'Not answered yet.'
  if (outcome.error !== undefined) return sentence(outcome.error.message)
  const { data } = outcome.result
  const count = data.resultType === 'matrix' || data.resultType === 'vector' ? data.result.length : 1
  return `Answered with ${count} series.`
}

function Query({ request, view }: { readonly request: PanelRequest; readonly view: PanelView }) {
  const { target, source, expr, start, end, step } = request
  const outcome = view.data.outcomes.find((one) => requestKey(one.request) === requestKey(request))
  const time = (seconds: number): string => dateText(seconds * 1_000, view.isUtc)
  return (
    <section className="stack-tight">
      <h3>
        Query {target.refId} to {source}
      </h3>
      <p className="small muted">
        {step === undefined
          ? `At ${time(end)}.`
          : `From ${time(start)} to ${time(end)}, a sample each ${step} s.`}{' '}
        {outcomeText(outcome)}
      </p>
      <h4>In the dashboard</h4>
      <Promql text={target.expr} />
      {target.expr === expr ? null : (
        <>
          <h4>With its variables</h4>
          <Promql text={expr} />
        </>
      )}
    </section>
  )
}

/** What a panel asks, what shards are asked instead, and the JSON it is made of. */
export function Inspect({
  view,
  requests,
  onClose,
}: {
  readonly view: PanelView
  readonly requests: PanelRequests | undefined
  readonly onClose: () => void
}) {
  const [tab, setTab] = useState<Tab>('queries')
  const { token } = useAsking()
  const list = requests?.requests ?? []
  const json = JSON.stringify(view.panel.raw, null, 2)
  const tabs: readonly { readonly id: Tab; readonly title: string }[] = [
    { id: 'queries', title: 'Queries' },
    // How a link's queries are enforced is for the org to see.
    ...(token === undefined ? ([{ id: 'enforced', title: 'Enforced' }] as const) : []),
    { id: 'json', title: 'JSON' },
  ]
  return (
    <Drawer title={view.title === '' ? 'Panel' : view.title} onClose={onClose}>
      <Tabs label="Views of the panel" tabs={tabs} selected={tab} onSelect={setTab}>
        {tab === 'json' ? (
          <div className="stack-tight">
            <CopyButton text={json} what="the panel’s JSON" />
            <pre className="snippet">{json}</pre>
          </div>
        ) : (
          <div className="stack divided">
            {list.length === 0 ? <p>This panel asks nothing.</p> : null}
            {list.map((request) =>
              tab === 'queries' ? (
                <Query key={requestKey(request)} request={request} view={view} />
              ) : (
                <Enforced key={requestKey(request)} asked={asked(request)} />
              ),
            )}
          </div>
        )}
      </Tabs>
    </Drawer>
  )
}
