import { Link } from '../router/link.tsx'
import { Drawer } from '../parts/overlay.tsx'
import { useMe } from '../api/me-context.ts'
import type { Screen } from './screen.ts'

/** What this screen is for, the keys, and where to turn. */
export function Help({
  screen,
  onClose,
}: {
  readonly screen: Screen | undefined
  readonly onClose: () => void
}) {
  const me = useMe()
  return (
    <Drawer title={screen === undefined ? 'Help' : `Help: ${screen.title}`} onClose={onClose}>
      {screen?.help.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <section className="stack-tight">
        <h3>Keys</h3>
        <dl className="facts">
          <dt>Tab</dt>
          <dd>goes from part to part; the first press on a page offers to skip to its content</dd>
          <dt>Arrows</dt>
          <dd>move within tabs, suggestions and charts</dd>
          <dt>Ctrl + Enter</dt>
          <dd>runs the query that is being written</dd>
          <dt>Escape</dt>
          <dd>closes what is open on top; in the query editor, the next Tab leaves it</dd>
        </dl>
      </section>
      <section className="stack-tight">
        <h3>Where to turn</h3>
        <p>
          Admins of {me.org.name} give roles and make teams. If something does not answer, the operators of
          your platform see its state under System.
        </p>
        <ul>
          <li>
            <Link to="/accessibility" onClick={onClose}>
              Accessibility statement
            </Link>
          </li>
          <li>
            <a href="/api/v1/openapi.json" target="_blank" rel="noopener">
              The API, as OpenAPI 3.1
            </a>
          </li>
        </ul>
      </section>
    </Drawer>
  )
}
