import { type FormEvent, useState } from 'react'
import { useCan, useMe } from '../../api/me-context.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { announce } from '../../parts/announce.tsx'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Select, TextField } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Dialog } from '../../parts/overlay.tsx'
import { ErrorState } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { useSearch, withSearch } from '../../router/location.ts'
import {
  dashboardPath,
  newShareLinkSchema,
  nothingSchema,
  shareLinksSchema,
  sharingSchema,
  type StoredBoard,
} from '../data/api.ts'

const lengths = [
  { value: '1', text: '1 day' },
  { value: '7', text: '7 days' },
  { value: '30', text: '30 days' },
]

/** The address of a link: its token stands behind the #, which no server and no log ever sees. */
export function publicAddress(origin: string, uid: string, search: string, token: string): string {
  const query = withSearch(search, { org: undefined })
  return `${origin}/dashboards/shared/${encodeURIComponent(uid)}${query}#${token}`
}

/** Makes and ends links for people who do not sign in. */
function PublicLinks({ stored }: { readonly stored: StoredBoard }) {
  const search = useSearch().toString()
  const [days, setDays] = useState('7')
  const [reason, setReason] = useState('')
  const path = dashboardPath(stored.uid, '/share-links')
  const links = useRead(path, shareLinksSchema)
  const make = useChange({
    request: (_: undefined) => ({ path, method: 'POST', json: { days: Number(days), reason } }),
    schema: newShareLinkSchema,
    touches: [path],
  })
  const end = useChange({
    request: (uid: string) => ({ path: `${path}/${encodeURIComponent(uid)}`, method: 'DELETE' }),
    schema: nothingSchema,
    touches: [path],
    onDone: () => announce('The link has ended.'),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    make.run(undefined)
  }
  const made =
    make.value === undefined
      ? undefined
      : publicAddress(location.origin, stored.uid, search, make.value.token)
  return (
    <>
      <form className="stack-tight" onSubmit={submit}>
        <Select label="Works for" value={days} onText={setDays} options={lengths} isSmall />
        <TextField
          label="Reason"
          hint="Whom it is for, for the audit log and the list of links"
          value={reason}
          onText={setReason}
          required
          isSmall
        />
        <span>
          <Button type="submit" kind="main" isBusy={make.isRunning}>
            Make a link
          </Button>
        </span>
      </form>
      {make.error === undefined ? null : <ErrorState error={make.error} title="No link was made" />}
      {made === undefined ? null : (
        <div className="notice stack-tight" role="status">
          <p>This link is shown once. Whoever has it sees this dashboard until it ends, and nothing else.</p>
          <code className="selector">{made}</code>
          <CopyButton text={made} what="the link" />
        </div>
      )}
      {end.error === undefined ? null : <ErrorState error={end.error} title="The link has not ended" />}
      {links.value === undefined || links.value.items.length === 0 ? null : (
        <ul className="stack-tight divided" role="list" aria-label="Links that work">
          {links.value.items.map(({ uid, reason: why, expiresAt }) => (
            <li key={uid} className="row row-apart">
              <span>
                {why}
                <br />
                <span className="small muted">
                  Ends <Time at={expiresAt} isRelative />
                </span>
              </span>
              <Button isSmall kind="danger" onClick={() => end.run(uid)}>
                End now<span className="visually-hidden">: {why}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function PublicPart({ stored }: { readonly stored: StoredBoard }) {
  const can = useCan()
  // Only who may see the setting is told about it; others learn it when they try.
  const setting = useRead(can('guardrails:read') ? '/api/v1/public-sharing' : undefined, sharingSchema)
  if (!can('grants:create')) return null
  return (
    <section className="stack-tight" aria-labelledby="share-public">
      <h3 id="share-public">With people who do not sign in</h3>
      {setting.value?.allowed === false ? (
        <p>Your organisation does not allow links without signing in. An administrator can allow them.</p>
      ) : stored.approval === null ? (
        <p>
          Nobody stands for the queries of this dashboard yet; a link would show empty panels. Approve them
          under “Versions” first.
        </p>
      ) : (
        <PublicLinks stored={stored} />
      )}
    </section>
  )
}

/** The address of what is seen: dashboard, time, variables and organisation. */
export function Share({ stored }: { readonly stored: StoredBoard }) {
  const { org } = useMe()
  const search = useSearch().toString()
  const [isOpen, setOpen] = useState(false)
  const address = `${location.origin}${location.pathname}${withSearch(search, { org: org.uid })}`
  return (
    <>
      <Button isSmall onClick={() => setOpen(true)}>
        <Icon name="share" />
        Share
      </Button>
      {isOpen ? (
        <Dialog title={`Share “${stored.title}”`} onClose={() => setOpen(false)}>
          <section className="stack-tight" aria-labelledby="share-inside">
            <h3 id="share-inside">With colleagues</h3>
            <p>
              The link holds the dashboard, the time range and every variable as you see them. Whoever opens
              it signs in and sees what they themselves may see.
            </p>
            <code className="selector">{address}</code>
            <CopyButton text={address} what="the link" />
          </section>
          <PublicPart stored={stored} />
        </Dialog>
      ) : null}
    </>
  )
}
