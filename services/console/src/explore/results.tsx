import { lazy, Suspense } from 'react'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { rangeParameters, type ExploreTab } from './address.ts'
import type { Asked, Result } from './answers.ts'
import { Enforced } from './enforced.tsx'
import type { ExplorerState } from './explorer.tsx'
import { NothingFound } from './nothing-found.tsx'
import { Origin } from './origin.tsx'
import { PlanView } from './plan-view.tsx'
import { ResultTable } from './result-table.tsx'
import type { useResult } from './use-explore.ts'

const ResultGraph = lazy(() => import('./result-graph.tsx'))

const tabs = [
  { id: 'table', title: 'Table' },
  { id: 'graph', title: 'Graph' },
  { id: 'enforced', title: 'Enforced query' },
  { id: 'plan', title: 'Plan' },
] as const satisfies readonly { id: ExploreTab; title: string }[]

interface ResultsProps {
  readonly explore: ExplorerState
  readonly running: ReturnType<typeof useResult>
}

function Notes({ result }: { readonly result: Result }) {
  return (
    <>
      {result.warnings.map((note) => (
        <p key={note} className="notice notice-caution">
          <strong>Warning.</strong> {note}
        </p>
      ))}
      {result.infos.map((note) => (
        <p key={note} className="notice">
          {note}
        </p>
      ))}
    </>
  )
}

function Answer({
  explore,
  result,
  asked,
}: Pick<ResultsProps, 'explore'> & { result: Result; asked: Asked }) {
  const { state, change } = explore
  if (result.series.length === 0) return <NothingFound asked={asked} />
  if (state.tab === 'table') return <ResultTable result={result} name={state.expr} />
  return (
    <Suspense fallback={<div className="graph-room" />}>
      <ResultGraph
        result={result}
        asked={asked}
        onZoom={(from, to) =>
          change(
            rangeParameters({ from: String(Math.round(from * 1_000)), to: String(Math.round(to * 1_000)) }),
          )
        }
      />
    </Suspense>
  )
}

function Shown({ explore, running }: ResultsProps) {
  const { result, asked, error, again } = running
  if (asked === undefined) return null
  if (explore.state.tab === 'enforced') return <Enforced asked={asked} />
  if (explore.state.tab === 'plan') return <PlanView asked={asked} />
  if (error !== undefined)
    return <ErrorState error={error} title="The query was not answered" onRetry={again} />
  if (result.data === undefined) return <Skeleton lines={8} label="Running the query" />
  return (
    <div className="stack">
      <Origin result={result.data} isRunning={result.isFetching} />
      <Notes result={result.data} />
      <Answer explore={explore} result={result.data} asked={asked} />
    </div>
  )
}

/** The answer to a query, and how it came about. */
export function Results({ explore, running }: ResultsProps) {
  const { state, change } = explore
  if (running.asked === undefined)
    return (
      <section className="results" aria-label="Result">
        <EmptyState title="Ask for series in PromQL">
          <p>
            Write a metric’s name and Gatehouse suggests what you may see. Every query is constrained to your
            tenants and grants before any shard reads it; the tab “Enforced query” shows what was added, and
            why.
          </p>
        </EmptyState>
      </section>
    )
  return (
    <section className="results" aria-label="Result">
      <Tabs
        label="Views of the result"
        tabs={tabs}
        selected={state.tab}
        onSelect={(tab) => change({ 'g0.tab': tab })}
      >
        <Shown explore={explore} running={running} />
      </Tabs>
    </section>
  )
}
