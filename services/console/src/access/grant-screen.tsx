import { useCan, useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Promql } from '../parts/promql.tsx'
import { Reading } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { navigate } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { RemoveButton } from './confirm.tsx'
import { AccessPage } from './frame.tsx'
import { GrantState } from './grants-table.tsx'
import { grant as schema } from './model.ts'
import { subjectLink, subjectText, whereText } from './words.ts'

/** One grant, and how to revoke it. A grant never changes: another takes its place. */
export default function GrantScreen({ params }: { readonly params: Params }) {
  const me = useMe()
  const can = useCan()
  const uid = params['uid'] ?? ''
  const read = useRead(`/api/v1/grants/${encodeURIComponent(uid)}`, schema)
  return (
    <AccessPage title={`Grant ${uid}`}>
      <Reading read={read} lines={6}>
        {(grant) => (
          <section className="card stack">
            <p>
              <GrantState grant={grant} />{' '}
              <Link to={subjectLink(grant.subject)}>{subjectText(grant.subject)}</Link> has the role{' '}
              <Link to={`/access/roles/${encodeURIComponent(grant.role)}`}>{grant.role}</Link> on{' '}
              {whereText(grant.where, me.org.name)}
              {grant.constraints.length === 0 ? '.' : ', for series that fit one of these:'}
            </p>
            {grant.constraints.map((selector) => (
              <Promql key={selector} text={selector} />
            ))}
            <dl className="facts">
              {grant.notBefore !== null && (
                <div>
                  <dt>From</dt>
                  <dd>
                    <Time at={grant.notBefore} />
                  </dd>
                </div>
              )}
              <div>
                <dt>Until</dt>
                <dd>{grant.expiresAt === null ? 'no end' : <Time at={grant.expiresAt} />}</dd>
              </div>
              <div>
                <dt>Reason</dt>
                <dd>{grant.reason === '' ? 'none was given' : grant.reason}</dd>
              </div>
            </dl>
            <div className="row">
              {can('grants:delete') && (
                <RemoveButton
                  label="Revoke"
                  title="Revoke this grant"
                  path={`/api/v1/grants/${encodeURIComponent(uid)}`}
                  proposal={{ revokeGrants: [uid] }}
                  touches={['/api/v1/grants', '/api/v1/access', '/api/v1/users']}
                  done="The grant is revoked; it holds nowhere within two seconds."
                  onDone={() => navigate('/access/grants', { replace: true })}
                />
              )}
              {can('grants:create') && (
                <Link
                  className="button button-small"
                  to={`/access/grants/new?subject=${grant.subject.kind}:${encodeURIComponent(grant.subject.uid)}&role=${encodeURIComponent(grant.role)}`}
                >
                  Make another like it
                </Link>
              )}
            </div>
          </section>
        )}
      </Reading>
    </AccessPage>
  )
}
