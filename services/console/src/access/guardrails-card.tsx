import { useCan } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Promql } from '../parts/promql.tsx'
import { Reading } from '../parts/states.tsx'
import { Link } from '../router/link.tsx'
import { type Guardrail, guardrails } from './model.ts'

function One({ guardrail }: { readonly guardrail: Guardrail }) {
  const mayWrite = useCan()('guardrails:write')
  const { uid, selector, reason } = guardrail
  return (
    <li className="row row-apart row-top">
      <div className="stack-tight grow">
        <Promql text={selector} />
        <p className="small">{reason}</p>
      </div>
      <Link to={`/access/guardrails/${encodeURIComponent(uid)}`} className="button button-small">
        {mayWrite ? 'Change' : 'Open'}
        <span className="visually-hidden"> the guardrail {selector}</span>
      </Link>
    </li>
  )
}

/** The org's guardrails, and the way to another. */
export function GuardrailsCard() {
  const can = useCan()
  const read = useRead('/api/v1/guardrails?limit=200', guardrails)
  return (
    <section className="card stack" aria-labelledby="guardrails">
      <div className="row row-apart">
        <h2 id="guardrails">Guardrails</h2>
        {can('guardrails:write') && (
          <Link to="/access/guardrails/new" className="button button-small">
            New guardrail
          </Link>
        )}
      </div>
      <p className="small muted">Series that nobody in the org sees, whatever their roles say.</p>
      <Reading read={read} lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p>There is none.</p>
          ) : (
            <ul role="list" className="stack divided">
              {items.map((guardrail) => (
                <One key={guardrail.uid} guardrail={guardrail} />
              ))}
            </ul>
          )
        }
      </Reading>
    </section>
  )
}
