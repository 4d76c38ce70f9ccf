import { Icon } from '../parts/icon.tsx'
import { Link } from '../router/link.tsx'
import type { Screen } from './screen.ts'

/** Whether `path` is `to` or below it. */
export function isAt(path: string, to: string): boolean {
  return path === to || (to !== '/' && path.startsWith(`${to}/`))
}

/** The screens this person has a use for. */
export function Nav({
  screens,
  path,
  isOpen,
}: {
  readonly screens: readonly Screen[]
  readonly path: string
  readonly isOpen: boolean
}) {
  return (
    <nav id="nav" className={`nav ${isOpen ? 'nav-open' : ''}`} aria-label="Screens">
      <ul role="list">
        {screens.map(({ nav, title }) =>
          nav === undefined ? null : (
            <li key={nav.to}>
              <Link to={nav.to} aria-current={isAt(path, nav.to) ? 'page' : undefined}>
                <Icon name={nav.icon} />
                {title}
              </Link>
            </li>
          ),
        )}
      </ul>
    </nav>
  )
}
