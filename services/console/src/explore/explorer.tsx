import { useId, useState } from 'react'
import { toApiError } from '../api/client.ts'
import { useMe } from '../api/me-context.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/field.tsx'
import { RangePicker } from '../parts/range-picker.tsx'
import { RefreshChoice } from '../parts/refresh-choice.tsx'
import { rangeParameters } from './address.ts'
import { formatQuery } from './answers.ts'
import { ExploreMenu } from './explore-menu.tsx'
import { addToHistory, readHistory, saveHistory } from './history.ts'
import { PromqlEditor } from './promql-editor.tsx'
import { Results } from './results.tsx'
import { useExploreState, useResult } from './use-explore.ts'

/** The text being written, which follows the address when that changes (a link, going back). */
function useDraft(expr: string): readonly [string, (text: string) => void] {
  const [draft, setDraft] = useState({ text: expr, of: expr })
  if (draft.of !== expr) setDraft({ text: expr, of: expr })
  return [draft.of === expr ? draft.text : expr, (text) => setDraft({ text, of: expr })]
}

function Problems({ id, problems }: { readonly id: string; readonly problems: readonly string[] }) {
  return (
    <div id={id} className="small editor-notes">
      <span className="muted">Ctrl + Enter runs the query. Suggestions name only what you may see.</span>
      {problems.map((problem) => (
        <span key={problem} className="field-error">
          {problem}
        </span>
      ))}
    </div>
  )
}

function Tools({ explore }: { readonly explore: ReturnType<typeof useExplorer> }) {
  const { state, change, every, setEvery, again, isRunning } = explore
  return (
    <div className="screen-tools">
      <RangePicker range={state.range} onRange={(range) => change(rangeParameters(range))} />
      <RefreshChoice every={every} onEvery={setEvery} onNow={again} isBusy={isRunning} />
    </div>
  )
}

function useExplorer() {
  const me = useMe()
  const { state, change, source } = useExploreState()
  const [every, setEvery] = useState<number>()
  const [draft, setDraft] = useDraft(state.expr)
  const [history, setHistory] = useState(() => readHistory(me.uid, me.org.uid))
  const uid = source?.uid ?? ''
  const running = useResult(state, uid, every === undefined ? undefined : every * 1_000)
  const keep = (next: typeof history): void => {
    setHistory(next)
    saveHistory(me.uid, me.org.uid, next)
  }
  const run = (expr = draft): void => {
    if (expr.trim() === '') return
    change({ 'g0.expr': expr, ds: uid, 'g0.tab': state.tab })
    running.again()
    keep(addToHistory(history, { source: uid, expr, at: Date.now() }))
  }
  return {
    me,
    state,
    change,
    source,
    every,
    setEvery,
    draft,
    setDraft,
    history,
    keep,
    run,
    again: running.again,
    isRunning: running.result.isFetching,
    running,
  }
}

/** Asking: the editor with its data source, and below it the answer. */
export function Explorer() {
  const explore = useExplorer()
  const { me, change, source, draft, setDraft, run, running } = explore
  const [problems, setProblems] = useState<readonly string[]>([])
  const notes = useId()
  const uid = source?.uid ?? ''
  const tidy = (): void => {
    formatQuery(uid, draft, me.org.uid).then(setDraft, (error: unknown) =>
      announce(toApiError(error).message),
    )
  }
  return (
    <>
      <div className="screen-head">
        <h1>Explore</h1>
        <Tools explore={explore} />
      </div>
      <section className="card stack-tight" aria-label="Query">
        <PromqlEditor
          value={draft}
          source={uid}
          org={me.org.uid}
          describedBy={notes}
          onText={setDraft}
          onRun={() => run()}
          onProblems={setProblems}
        />
        <Problems id={notes} problems={problems} />
        <div className="row row-apart">
          <div className="row">
            <Button kind="main" onClick={() => run()}>
              Run query
            </Button>
            <Button onClick={tidy}>Format</Button>
          </div>
          <div className="row">
            {me.dataSources.length > 1 && (
              <Select
                label="Data source"
                isLabelHidden
                value={uid}
                onText={(ds) => change({ ds })}
                options={me.dataSources.map(({ uid: value, name }) => ({ value, text: name }))}
              />
            )}
            <ExploreMenu explore={explore} />
          </div>
        </div>
      </section>
      <Results explore={explore} running={running} />
    </>
  )
}

export type ExplorerState = ReturnType<typeof useExplorer>
