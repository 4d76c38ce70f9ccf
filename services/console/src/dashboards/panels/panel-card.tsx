import { type ReactNode, useMemo, useRef, useState } from 'react'
import { type Annotation, saveSheet, ScrollBox, ScrollList } from '../../charts/index.ts'
import { useSize } from '../../charts/use-size.ts'
import { Disclosure } from '../../parts/disclosure.tsx'
import { Icon } from '../../parts/icon.tsx'
import { sentence, Skeleton } from '../../parts/states.tsx'
import { sourceOf, useAsking } from '../data/context.ts'
import { type PanelData, usePanelData } from '../data/use-panel-data.ts'
import type { SourceFilter } from '../model/adhoc.ts'
import { interpolate, type Values } from '../model/interpolate.ts'
import type { LaidPanel } from '../model/layout.ts'
import { panelSheet } from '../model/panel-sheet.ts'
import { withTexts } from '../model/panel-texts.ts'
import type { Panel } from '../model/panel.ts'
import { requestsOf } from '../model/requests.ts'
import type { TimeRange } from '../model/time-range.ts'
import type { RangeText } from '../../parts/time-range.ts'
import { Inspect } from './inspect.tsx'
import { isSupported, needsNoData, PanelBody } from './panel-body.tsx'
import { PanelMenu } from './panel-menu.tsx'
import { panelName, type PanelView } from './panel-view.ts'
import { useVisible } from './use-visible.ts'

/** What of the page a panel needs. */
export interface PanelPage {
  readonly values: Values
  readonly range: TimeRange
  readonly rawRange: RangeText
  /** All choices as they stand in an address, for links. */
  readonly variables: string
  readonly isUtc: boolean
  /** Variables for which there is nothing to choose from. */
  readonly empty: ReadonlySet<string>
  /** What ad-hoc filters add to every selector. */
  readonly filters: readonly SourceFilter[]
  /** Whether values of variables are there, so that queries can run. */
  readonly isReady: boolean
  readonly annotations: readonly Annotation[]
  readonly syncKey: string | undefined
  readonly onZoom: (from: number, to: number) => void
  /** The same panel in Grafana, if there is one. */
  readonly grafanaOf: (panel: Panel) => string | undefined
  /** Shows one panel alone, or all again. */
  readonly onView: ((panel: Panel | undefined) => void) | undefined
  readonly viewed: string | undefined
}

/** Queries change with the width in steps: a narrower window by a few pixels asks nothing anew. */
function samplesFor({ type }: Panel, width: number): number {
  const steps = Math.max(100, Math.round(width / 100) * 100)
  return type === 'heatmap' ? Math.round(steps / 8) : steps
}

/** Errors stand in the panel: nobody should take an empty one for good news. */
function Errors({ errors }: { readonly errors: readonly string[] }) {
  if (errors.length === 0) return null
  return (
    <ScrollList label="Errors" className="panel-words">
      {errors.map((text) => (
        <li key={text} className="panel-word small panel-word-danger">
          <Icon name="caution" />
          <span>{sentence(text)}</span>
        </li>
      ))}
    </ScrollList>
  )
}

/** What else is said about the panel's data, behind a sign. */
function Notes({ name, notes }: { readonly name: string; readonly notes: readonly string[] }) {
  if (notes.length === 0) return null
  return (
    <Disclosure
      className="panel-notes"
      button={
        <>
          <Icon name="caution" />
          <span className="visually-hidden">
            {notes.length} {notes.length === 1 ? 'note' : 'notes'} on {name}
          </span>
        </>
      }
    >
      {() => (
        <ul className="stack-tight" role="list">
          {notes.map((text) => (
            <li key={text} className="small">
              {text}
            </li>
          ))}
        </ul>
      )}
    </Disclosure>
  )
}

function notesOf(
  { notes, unknownTransformations }: PanelData,
  refusals: readonly string[],
): readonly string[] {
  return [
    ...refusals,
    ...unknownTransformations.map(
      (id) => `The transformation “${id}” is not known here: the data is shown without it.`,
    ),
    ...notes.map(sentence),
  ]
}

/** What a panel asks and what it came to, as soon as it is near and its width is known. */
function usePanel(
  { panel: written, scope }: LaidPanel,
  page: PanelPage,
  place: { readonly width: number; readonly isVisible: boolean },
) {
  const asking = useAsking()
  const { width, isVisible } = place
  const { isReady, range, empty, filters } = page
  const values = useMemo(() => new Map([...page.values, ...scope]), [page.values, scope])
  const panel = useMemo(() => withTexts(written, values), [written, values])
  const samples = width === 0 ? undefined : samplesFor(panel, width)
  const requests = useMemo(() => {
    if (!isReady || samples === undefined) return undefined
    const { dashboardUid, ownSources } = asking
    const named = (uid: string | undefined): string => sourceOf(asking, uid)
    return requestsOf(panel, {
      values,
      range,
      width: samples,
      sourceOf: named,
      dashboardUid,
      empty,
      ownSources,
      filters,
    })
  }, [isReady, range, empty, filters, panel, values, samples, asking])
  const data = usePanelData(panel, requests, isVisible)
  const { requests: list = [], refusals = [], lacking = [] } = requests ?? {}
  const asksNothing = list.length === 0
  return {
    panel,
    values,
    requests,
    data,
    isWaiting: data.isLoading && !needsNoData(panel.type),
    hasFailed: data.errors.length > 0 && data.frames.length === 0,
    // Why it shows nothing at all, and what is said beside what it shows.
    refusals: asksNothing ? refusals : [],
    lacking: asksNothing ? lacking : [],
    notes: notesOf(data, asksNothing ? [] : refusals),
  }
}

/** One panel: its title, what is wrong with it, what can be done with it, and what it shows. */
export function PanelCard({ laid, page }: { readonly laid: LaidPanel; readonly page: PanelPage }) {
  const card = useRef<HTMLElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const { width } = useSize(body)
  const { panel, values, requests, data, notes, ...shown } = usePanel(laid, page, {
    width,
    isVisible: useVisible(card),
  })
  const [asTable, setAsTable] = useState(false)
  const [isInspected, setInspected] = useState(false)
  const title = interpolate(panel.title, values, 'text')
  const view: PanelView = { ...page, panel, title, data, values }
  const name = panelName(view)
  return (
    // A group, no landmark: a page of thirty landmarks has none.
    <section
      role="group"
      ref={card}
      className={`panel${panel.transparent ? ' panel-transparent' : ''}`}
      aria-label={name}
      aria-busy={data.isReading}
      data-panel={panel.id}
    >
      <header className="panel-head">
        {title === '' ? (
          <span className="panel-title" />
        ) : (
          <h3 className="panel-title" title={title}>
            {title}
          </h3>
        )}
        <Notes name={name} notes={notes} />
        <PanelMenu
          view={view}
          page={page}
          asTable={asTable}
          onTable={needsNoData(panel.type) ? undefined : () => setAsTable(!asTable)}
          onCsv={() => saveSheet(panelSheet(panel, title, data.frames, page.isUtc))}
          onInspect={() => setInspected(true)}
        />
      </header>
      <Errors errors={data.errors} />
      <div ref={body} className="panel-body">
        {inner({ ...shown, view, asTable, page })}
      </div>
      {isInspected ? <Inspect view={view} requests={requests} onClose={() => setInspected(false)} /> : null}
    </section>
  )
}

interface Inner {
  readonly isWaiting: boolean
  readonly refusals: readonly string[]
  readonly lacking: readonly string[]
  readonly hasFailed: boolean
  readonly view: PanelView
  readonly asTable: boolean
  readonly page: PanelPage
}

function inner({ isWaiting, refusals, lacking, hasFailed, view, asTable, page }: Inner): ReactNode {
  const { panel } = view
  const grafana = page.grafanaOf(panel)
  if (refusals.length > 0 && isSupported(panel.type))
    return (
      <ScrollBox label="Why this panel is empty" className="panel-unsupported">
        <p>This panel cannot run here. {refusals.join(' ')}</p>
        {grafana === undefined ? null : (
          <p>
            <a href={grafana} target="_blank" rel="noreferrer">
              Open this panel in Grafana
            </a>
          </p>
        )}
      </ScrollBox>
    )
  if (lacking.length > 0)
    return (
      <ScrollBox label="Why this panel is empty" className="panel-lacking small">
        <p>No value for {lacking.map((name) => `“${name}”`).join(', ')}.</p>
      </ScrollBox>
    )
  if (isWaiting && isSupported(panel.type)) return <Skeleton lines={3} label={`Loading ${view.title}`} />
  if (hasFailed && isSupported(panel.type)) return null
  return <PanelBody view={view} asTable={asTable} grafana={grafana} />
}
