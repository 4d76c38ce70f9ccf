import { Promql } from '../../parts/promql.tsx'
import { sentence } from '../../parts/states.tsx'

interface ReportedQuery {
  readonly where: string
  readonly kind: string
  readonly text: string
}

/** Which queries viewers could run once somebody stands for them, and why others are none of that. */
export function CapabilityReport({
  granted,
  refused,
}: {
  readonly granted: readonly ReportedQuery[]
  readonly refused: readonly (ReportedQuery & { readonly reason: string })[]
}) {
  const all = granted.length + refused.length
  if (all === 0) return <p>It asks Prometheus nothing.</p>
  return (
    <div className="stack-tight">
      <p>
        {refused.length === 0
          ? `${all === 1 ? 'Its one query' : `All ${all} queries`} can be approved for viewers.`
          : `${granted.length} of ${all} queries can be approved for viewers; ${refused.length} cannot:`}
      </p>
      {refused.length === 0 ? null : (
        <ul className="stack-tight divided" role="list">
          {refused.map(({ where, kind, text, reason }, i) => (
            <li key={`${where} ${i}`} className="stack-tight">
              <span>
                <strong>{where}</strong> <span className="muted">({kind})</span>: {sentence(reason)}
              </span>
              <Promql text={text} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
