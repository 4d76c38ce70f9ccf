import { type FormEvent, useState } from 'react'
import { useCan, useMe } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { SetupTabs } from '../home/setup-tabs.tsx'
import { snippetsWith } from '../home/snippets.ts'
import { Button } from '../parts/button.tsx'
import { Badge } from '../parts/chips.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Select, TextField } from '../parts/field.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { EmptyState, ErrorState, Reading } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { navigate } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { AccessCard } from './access-card.tsx'
import { RemoveButton } from './confirm.tsx'
import { AccessPage } from './frame.tsx'
import { access, type Account, account as schema, newToken, type Token, tokens } from './model.ts'

const lifetimes = [
  { value: '7', text: '7 days' },
  { value: '30', text: '30 days' },
  { value: '90', text: '90 days' },
]

/** What the account may query, as far as whoever made the token may know it; else what they may query themselves. */
function useTargets(uid: string) {
  const me = useMe()
  const can = useCan()
  const path = `/api/v1/service-accounts/${encodeURIComponent(uid)}/access`
  const read = useRead(can('access:explain') ? path : undefined, access)
  const sources = read.value?.dataSources ?? []
  return sources.length > 0 ? sources : me.dataSources
}

/** A token, this once, and how to use it. */
function Once({
  account,
  token,
  onClose,
}: {
  readonly account: Pick<Account, 'uid'>
  readonly token: string
  readonly onClose: () => void
}) {
  const me = useMe()
  const targets = useTargets(account.uid)
  const [chosen, setChosen] = useState<string>()
  const source = targets.find(({ uid }) => uid === chosen) ?? targets[0]
  return (
    <Dialog
      title="Your new token"
      onClose={onClose}
      actions={<Button onClick={onClose}>I have copied it</Button>}
    >
      <p className="notice notice-caution">
        It is shown this once and kept nowhere, here and in the files below: copy what you need now.
      </p>
      <div className="row row-apart">
        <code className="selector secret grow">{token}</code>
        <CopyButton text={token} what="the token" />
      </div>
      {targets.length > 1 && source !== undefined && (
        <Select
          label="Data source"
          value={source.uid}
          onText={setChosen}
          options={targets.map(({ uid, name }) => ({ value: uid, text: name }))}
        />
      )}
      {source !== undefined && (
        <SetupTabs snippets={snippetsWith({ org: me.org.uid, uid: account.uid, token }, source)} />
      )}
    </Dialog>
  )
}

function cidrsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function NewToken({
  path,
  onClose,
  onToken,
}: {
  readonly path: string
  readonly onClose: () => void
  readonly onToken: (token: string) => void
}) {
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [cidrs, setCidrs] = useState('')
  const [error, setError] = useState<string>()
  const create = useChange({
    request: () => ({
      path,
      method: 'POST' as const,
      json: {
        name: name.trim(),
        days: Number(days),
        ...(cidrs.trim() === '' ? {} : { sourceCidrs: cidrsOf(cidrs) }),
      },
    }),
    schema: newToken,
    touches: ['/api/v1/service-accounts', '/api/v1/tokens'],
    onDone: ({ token }) => onToken(token),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() === '') setError('Say what the token is for.')
    else create.run(undefined)
  }
  return (
    <Dialog title="New token" onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <TextField label="What it is for" value={name} onText={setName} error={error} />
        <Select label="It ends after" value={days} onText={setDays} options={lifetimes} />
        <TextField
          label="Only from these addresses"
          hint="Networks as 10.1.0.0/16, several with commas. Empty for anywhere."
          value={cidrs}
          onText={setCidrs}
        />
        {create.error !== undefined && <ErrorState error={create.error} title="The token was not made" />}
        <div>
          <Button type="submit" kind="main" isBusy={create.isRunning}>
            Make the token
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function stateOf({ revokedAt, expiresAt }: Token): 'revoked' | 'ended' | 'works' {
  if (revokedAt !== null) return 'revoked'
  return Date.parse(expiresAt) <= Date.now() ? 'ended' : 'works'
}

function Rotate({
  path,
  token,
  onToken,
}: {
  readonly path: string
  readonly token: Token
  readonly onToken: (token: string) => void
}) {
  const rotate = useChange({
    request: () => ({
      path: `${path}/${encodeURIComponent(token.uid)}/rotate`,
      method: 'POST' as const,
      json: { overlapSeconds: 86_400 },
    }),
    schema: newToken,
    touches: ['/api/v1/service-accounts', '/api/v1/tokens'],
    onDone: (made) => onToken(made.token),
  })
  return (
    <>
      <Button isSmall isBusy={rotate.isRunning} onClick={() => rotate.run(undefined)}>
        Rotate
      </Button>
      {rotate.error !== undefined && <ErrorState error={rotate.error} />}
    </>
  )
}

function Tokens({ account }: { readonly account: Pick<Account, 'uid'> }) {
  const can = useCan()
  const path = `/api/v1/service-accounts/${encodeURIComponent(account.uid)}/tokens`
  const read = useRead(`${path}?limit=200`, tokens)
  const [isNew, setNew] = useState(false)
  const [shown, setShown] = useState<string>()
  const mayChange = can('serviceaccounts:write')
  const show = (token: string): void => {
    setNew(false)
    setShown(token)
  }
  return (
    <section className="card stack" aria-labelledby="tokens">
      <div className="row row-apart">
        <h2 id="tokens">Tokens</h2>
        {mayChange && (
          <Button isSmall onClick={() => setNew(true)}>
            New token
          </Button>
        )}
      </div>
      <p className="small muted">Rotating makes a new token; the old one works for a day more.</p>
      <Reading read={read} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No token yet" />
          ) : (
            <Table
              caption="Tokens of the account"
              isCaptionHidden
              rows={items}
              rowKey={(token) => token.uid}
              columns={[
                { id: 'name', title: 'Name', cell: ({ name }) => name },
                {
                  id: 'prefix',
                  title: 'Begins with',
                  isExtra: true,
                  cell: ({ prefix }) => <code>{prefix}</code>,
                },
                {
                  id: 'state',
                  title: 'State',
                  cell: (token) => {
                    const state = stateOf(token)
                    return <Badge kind={state === 'works' ? 'good' : 'plain'}>{state}</Badge>
                  },
                },
                { id: 'ends', title: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} isRelative /> },
                {
                  id: 'used',
                  title: 'Last used',
                  cell: ({ lastUsedAt }) =>
                    lastUsedAt === null ? 'never' : <Time at={lastUsedAt} isRelative />,
                },
                {
                  id: 'from',
                  title: 'From',
                  isExtra: true,
                  cell: ({ sourceCidrs }) => (sourceCidrs.length === 0 ? 'anywhere' : sourceCidrs.join(', ')),
                },
                {
                  id: 'do',
                  title: <span className="visually-hidden">What you can do</span>,
                  cell: (token) =>
                    mayChange &&
                    stateOf(token) === 'works' && (
                      <span className="row">
                        <Rotate path={path} token={token} onToken={show} />
                        <RemoveButton
                          label="Revoke"
                          title={`Revoke ${token.name}`}
                          path={`${path}/${encodeURIComponent(token.uid)}`}
                          touches={['/api/v1/service-accounts', '/api/v1/tokens']}
                          done="The token is revoked; it works nowhere within two seconds."
                        >
                          <p>Whatever uses it stops getting answers.</p>
                        </RemoveButton>
                      </span>
                    ),
                },
              ]}
            />
          )
        }
      </Reading>
      {isNew && <NewToken path={path} onClose={() => setNew(false)} onToken={show} />}
      {shown !== undefined && <Once account={account} token={shown} onClose={() => setShown(undefined)} />}
    </section>
  )
}

/** One service account: its tokens, and what it reaches. */
export default function AccountScreen({ params }: { readonly params: Params }) {
  const can = useCan()
  const uid = params['uid'] ?? ''
  const path = `/api/v1/service-accounts/${encodeURIComponent(uid)}`
  const read = useRead(path, schema)
  return (
    <AccessPage
      title={read.value?.name ?? 'Service account'}
      tools={
        can('serviceaccounts:delete') && (
          <RemoveButton
            label="Delete"
            title="Delete this service account"
            path={path}
            touches={['/api/v1/service-accounts', '/api/v1/tokens', '/api/v1/grants']}
            done="The service account is deleted; its tokens work nowhere."
            onDone={() => navigate('/access/service-accounts', { replace: true })}
          >
            <p>Its tokens stop working and its grants end.</p>
          </RemoveButton>
        )
      }
    >
      {read.error !== undefined && <ErrorState error={read.error} onRetry={read.reload} />}
      {read.value?.isDisabled === true && (
        <p className="notice notice-caution">It is disabled: its tokens do not work.</p>
      )}
      <Tokens account={{ uid }} />
      <AccessCard path={`${path}/access`} />
    </AccessPage>
  )
}
