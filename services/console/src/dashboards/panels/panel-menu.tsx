import { Disclosure } from '../../parts/disclosure.tsx'
import { exploreLink } from '../../explore/address.ts'
import { Link } from '../../router/link.tsx'
import { useAsking } from '../data/context.ts'
import { linkUrl, safeUrl } from '../model/requests.ts'
import { interpolate } from '../model/interpolate.ts'
import type { PanelPage } from './panel-card.tsx'
import { panelName, type PanelView } from './panel-view.ts'

interface PanelMenuProps {
  readonly view: PanelView
  readonly page: PanelPage
  readonly asTable: boolean
  readonly onTable: (() => void) | undefined
  readonly onCsv: () => void
  readonly onInspect: () => void
}

/** Where a panel's queries can be looked at further. */
function Ways({ view, page }: Pick<PanelMenuProps, 'view' | 'page'>) {
  const { token } = useAsking()
  const [first] = view.data.outcomes
  const grafana = page.grafanaOf(view.panel)
  const links = view.panel.links.flatMap((link) => {
    const url = safeUrl(
      linkUrl(link.url, link, { values: view.values, range: view.rawRange, variables: view.variables }),
    )
    return url === undefined || url === '' ? [] : [{ ...link, url }]
  })
  return (
    <>
      {first === undefined || token !== undefined ? null : (
        <li>
          <Link
            className="menu-item"
            to={exploreLink({
              source: first.request.source,
              expr: first.request.expr,
              range: view.rawRange,
              tab: 'graph',
            })}
          >
            Open in Explore
          </Link>
        </li>
      )}
      {grafana === undefined ? null : (
        <li>
          <a className="menu-item" href={grafana} target="_blank" rel="noreferrer">
            Open in Grafana
          </a>
        </li>
      )}
      {links.map(({ title, url, newTab }) => (
        <li key={`${title} ${url}`}>
          <a className="menu-item" href={url} {...(newTab ? { target: '_blank', rel: 'noreferrer' } : {})}>
            {interpolate(title, view.values, 'text')}
          </a>
        </li>
      ))}
    </>
  )
}

/** What can be done with a panel, behind one button. */
export function PanelMenu(props: PanelMenuProps) {
  const { view, page, asTable, onTable, onCsv, onInspect } = props
  const { panel } = view
  const name = panelName(view)
  const isAlone = page.viewed !== undefined
  return (
    <Disclosure
      className="panel-menu"
      button={
        <>
          <span aria-hidden="true">⋮</span>
          <span className="visually-hidden">Menu of {name}</span>
        </>
      }
    >
      {(close) => {
        const act = (action: () => void) => () => {
          close()
          action()
        }
        return (
          <div>
            {panel.description === undefined ? null : (
              <p className="panel-about small">{panel.description}</p>
            )}
            <ul className="menu" role="list">
              {onTable === undefined ? null : (
                <>
                  <li>
                    <button type="button" className="menu-item" onClick={act(onTable)}>
                      {asTable ? 'Show as panel' : 'Show as table'}
                    </button>
                  </li>
                  <li>
                    <button type="button" className="menu-item" onClick={act(onCsv)}>
                      Download CSV
                    </button>
                  </li>
                  <li>
                    <button type="button" className="menu-item" onClick={act(onInspect)}>
                      Inspect queries
                    </button>
                  </li>
                </>
              )}
              {page.onView === undefined ? null : (
                <li>
                  <button
                    type="button"
                    className="menu-item"
                    onClick={act(() => page.onView?.(isAlone ? undefined : panel))}
                  >
                    {isAlone ? 'Show the whole dashboard' : 'Show alone'}
                  </button>
                </li>
              )}
              <Ways view={view} page={page} />
            </ul>
          </div>
        )
      }}
    </Disclosure>
  )
}
