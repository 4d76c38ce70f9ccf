import { useRead } from '../../api/use-api.ts'
import { Disclosure } from '../../parts/disclosure.tsx'
import { Icon } from '../../parts/icon.tsx'
import { dashboardsSchema } from '../data/api.ts'
import { useAsking } from '../data/context.ts'
import { interpolate } from '../model/interpolate.ts'
import type { BoardLink } from '../model/panel.ts'
import { linkUrl, safeUrl } from '../model/requests.ts'
import type { PanelPage } from '../panels/panel-card.tsx'

/** Where a link of this page leads; undefined where a browser should not be sent. */
function addressOf(link: BoardLink, page: PanelPage): string | undefined {
  const url = safeUrl(
    linkUrl(link.url, link, { values: page.values, range: page.rawRange, variables: page.variables }),
  )
  return url === '' ? undefined : url
}

function Outside({ link, page }: { readonly link: BoardLink; readonly page: PanelPage }) {
  const url = addressOf(link, page)
  if (url === undefined) return null
  return (
    <a href={url} title={link.tooltip} target="_blank" rel="noreferrer">
      {interpolate(link.title, page.values, 'text')} <Icon name="external" />
    </a>
  )
}

/** The other dashboards with the tags of a link, as far as this person may open them. */
function Tagged({ link, page }: { readonly link: BoardLink; readonly page: PanelPage }) {
  const { dashboardUid } = useAsking()
  const tags = encodeURIComponent((link.tags ?? []).join(','))
  const { value } = useRead(`/api/v1/dashboards?limit=100&tags=${tags}`, dashboardsSchema)
  const others = (value?.items ?? []).filter(({ uid }) => uid !== dashboardUid)
  const target = link.newTab ? { target: '_blank', rel: 'noreferrer' } : {}
  if (others.length === 0) return null
  const list = others.map(({ uid, title }) => (
    <a
      key={uid}
      className={link.isMenu ? 'menu-item board-menu-link' : undefined}
      href={addressOf({ ...link, url: `/dashboards/${encodeURIComponent(uid)}` }, page)}
      {...target}
    >
      {title}
    </a>
  ))
  if (!link.isMenu) return <>{list}</>
  return (
    <Disclosure
      align="start"
      button={
        <>
          {interpolate(link.title, page.values, 'text')}
          <Icon name="down" />
        </>
      }
    >
      {() => (
        <ul className="menu" role="list">
          {list.map((one) => (
            <li key={one.key}>{one}</li>
          ))}
        </ul>
      )}
    </Disclosure>
  )
}

/** The links of a dashboard. To other dashboards only for people who signed in: a share link opens one alone. */
export function Links({ links, page }: { readonly links: readonly BoardLink[]; readonly page: PanelPage }) {
  const { token } = useAsking()
  const shown = links.filter((link) =>
    link.tags === undefined ? addressOf(link, page) !== undefined : token === undefined,
  )
  if (shown.length === 0) return null
  return (
    <nav className="board-links row" aria-label="Links of the dashboard">
      {shown.map((link, i) =>
        link.tags === undefined ? (
          <Outside key={i} link={link} page={page} />
        ) : (
          <Tagged key={i} link={link} page={page} />
        ),
      )}
    </nav>
  )
}
