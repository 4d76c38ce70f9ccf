import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState } from 'react'
import { holdRequests, onSessionEnded } from '../api/client.ts'
import { type Me, readMe, signOut } from '../api/me.ts'
import { useMe } from '../api/me-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { type SignedInMessage, signedInChannel } from './channel.ts'
import { SessionWarning } from './session-warning.tsx'

const signInAgain = `/sign-in?returnTo=${encodeURIComponent('/signed-in')}`

/** Whose session this is now: the person's the page is of, nobody's, or somebody else's. */
type Whose = { readonly kind: 'own' | 'ended' } | { readonly kind: 'other'; readonly now: Me }

/** Looks who is signed in; the answer is about this browser, so the org of the page is not asked for. */
function useWhose(): readonly [Whose, (whose: Whose) => void, (onMissing?: () => void) => void] {
  const me = useMe()
  const client = useQueryClient()
  const [whose, setWhose] = useState<Whose>({ kind: 'own' })
  const set = (found: Whose): void => {
    holdRequests(found.kind === 'other')
    setWhose(found)
  }
  const check = (onMissing?: () => void): void => {
    readMe(undefined).then(
      (now) => {
        if (now.uid !== me.uid) return set({ kind: 'other', now })
        if (whose.kind === 'own') return undefined
        set({ kind: 'own' })
        return void client.invalidateQueries()
      },
      () => onMissing?.(),
    )
  }
  return [whose, set, check]
}

/** Tells other tabs who is signed in here, and hears of those who sign in there. */
function useOtherTabs(onSignIn: (uid: string | undefined) => void): void {
  const me = useMe()
  const hear = useEffectEvent(onSignIn)
  useEffect(() => {
    const channel = new BroadcastChannel(signedInChannel)
    channel.postMessage({ uid: me.uid } satisfies SignedInMessage)
    channel.addEventListener('message', ({ data }: MessageEvent<SignedInMessage>) => hear(data.uid))
    return () => channel.close()
  }, [me.uid])
}

function Ended({
  onClose,
  onCheck,
}: {
  readonly onClose: () => void
  readonly onCheck: (onMissing: () => void) => void
}) {
  const [isMissing, setMissing] = useState(false)
  return (
    <Dialog
      title="Your session has ended"
      onClose={onClose}
      actions={
        <>
          <a className="button button-main" href={signInAgain} target="_blank" rel="noopener">
            Sign in in a new tab
          </a>
          <Button onClick={() => onCheck(() => setMissing(true))}>I have signed in</Button>
        </>
      }
    >
      <p>Nothing you typed here is lost. Sign in again in a new tab; this page then goes on where it was.</p>
      <p role="status" className="muted">
        {isMissing ? 'You are not signed in yet.' : ''}
      </p>
    </Dialog>
  )
}

/** The page of one person while another is signed in: nothing is sent until they say whose it shall be. */
function Other({ now }: { readonly now: Me }) {
  const me = useMe()
  const goOn = (next = '/'): void => location.assign(next)
  const leave = (): void => {
    signOut().then(goOn, () => goOn())
  }
  return (
    <Dialog
      title={`You are now signed in as ${now.name}`}
      actions={
        <>
          <Button kind="main" onClick={() => goOn()}>
            Go on as {now.name}
          </Button>
          <Button onClick={leave}>Sign {now.name} out</Button>
        </>
      }
    >
      <p>
        {now.name} signed in in another tab of this browser. This page is still that of {me.name}: nothing
        more is sent from it, so that nothing happens in the wrong name.
      </p>
      <p>
        To keep what you typed here, let {me.name} sign in again in another tab; this page then goes on where
        it was.
      </p>
    </Dialog>
  )
}

/** When the session has ended or is somebody else's: says so over the page, which keeps all that was typed. */
export function SessionGuard() {
  const me = useMe()
  const [whose, setWhose, check] = useWhose()
  useOtherTabs((uid) => {
    if (uid !== me.uid || whose.kind !== 'own') check()
  })
  const end = useEffectEvent(() => {
    if (whose.kind === 'own') setWhose({ kind: 'ended' })
  })
  useEffect(() => onSessionEnded(() => end()), [])
  if (whose.kind === 'other') return <Other now={whose.now} />
  if (whose.kind === 'ended')
    return <Ended onClose={() => setWhose({ kind: 'own' })} onCheck={(onMissing) => check(onMissing)} />
  return <SessionWarning onOther={() => check()} />
}
