import { Alone } from '../parts/alone.tsx'

export function NotFoundPage() {
  return (
    <Alone title="There is nothing here">
      <p>The address may be mistyped, or the page may have moved.</p>
      <a className="button button-main" href="/">
        Go to the front page
      </a>
    </Alone>
  )
}
