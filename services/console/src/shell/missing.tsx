import { Link } from '../router/link.tsx'

/** An address without a screen. */
export function Missing() {
  return (
    <div className="narrow stack">
      <h1>There is nothing here</h1>
      <p>The address may be mistyped, or the page may have moved.</p>
      <p>
        <Link to="/" className="button button-main">
          Go to Home
        </Link>
      </p>
    </div>
  )
}
