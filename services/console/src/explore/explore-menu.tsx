import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Disclosure } from '../parts/disclosure.tsx'
import { Icon } from '../parts/icon.tsx'
import { Promql } from '../parts/promql.tsx'
import { Time } from '../parts/time.tsx'
import { withSearch } from '../router/location.ts'
import type { ExplorerState } from './explorer.tsx'
import { grafanaLink } from './grafana-link.ts'

function share(org: string): void {
  const address = location.origin + location.pathname + withSearch(location.search, { org })
  navigator.clipboard.writeText(address).then(
    () => announce('Link copied: it shows this query to whoever may run it.'),
    () => announce('Copying is not allowed here; copy the address of the page instead.'),
  )
}

function History({ explore, onDone }: { readonly explore: ExplorerState; readonly onDone: () => void }) {
  const { history, keep, run, setDraft } = explore
  if (history.length === 0) return <p className="muted">What you run is listed here, in this browser only.</p>
  return (
    <div className="stack-tight">
      <ul role="list" className="history">
        {history.map(({ expr, source, at }) => (
          <li key={`${source} ${expr}`}>
            <button
              type="button"
              className="menu-item"
              onClick={() => {
                setDraft(expr)
                run(expr)
                onDone()
              }}
            >
              <Promql text={expr} />
              <span className="small muted">
                <Time at={at} isRelative />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Button
        isSmall
        onClick={() => {
          keep([])
          onDone()
        }}
      >
        Forget all
      </Button>
    </div>
  )
}

/** What else can be done with the query: past ones, a link to it, and Grafana. */
export function ExploreMenu({ explore }: { readonly explore: ExplorerState }) {
  const { me, state, source } = explore
  const grafana = grafanaLink(me.links.grafana, { ...state, source: source?.uid ?? '' })
  return (
    <>
      <Disclosure
        className="history-box"
        button={
          <>
            <Icon name="history" />
            History
          </>
        }
      >
        {(close) => <History explore={explore} onDone={close} />}
      </Disclosure>
      {state.expr !== '' && (
        <Button kind="quiet" isSmall onClick={() => share(me.org.uid)}>
          <Icon name="share" />
          Copy link
        </Button>
      )}
      {grafana !== undefined && state.expr !== '' && (
        <a className="button button-quiet button-small" href={grafana} target="_blank" rel="noopener">
          <Icon name="external" />
          Open in Grafana
        </a>
      )}
    </>
  )
}
