import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { onSessionEnded } from '../api/client.ts'
import { readMe } from '../api/me.ts'
import { useMe } from '../api/me-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { signedInChannel } from './channel.ts'
import { SessionWarning } from './session-warning.tsx'

const signInAgain = `/sign-in?returnTo=${encodeURIComponent('/signed-in')}`

/** Waits for a sign-in in another tab, then goes on where the person was; somebody else begins anew. */
function useReturn(isEnded: boolean, onBack: () => void): (onMissing: () => void) => void {
  const me = useMe()
  const client = useQueryClient()
  const check = (onMissing: () => void): void => {
    readMe(me.org.uid).then(
      (now) => {
        if (now.uid !== me.uid) return location.reload()
        onBack()
        return void client.invalidateQueries()
      },
      () => onMissing(),
    )
  }
  useEffect(() => {
    if (!isEnded) return undefined
    const channel = new BroadcastChannel(signedInChannel)
    channel.addEventListener('message', () => check(() => undefined))
    return () => channel.close()
  })
  return check
}

/** When the session has ended: says so over the page, which keeps all that was typed. */
export function SessionGuard() {
  const [isEnded, setEnded] = useState(false)
  const [isMissing, setMissing] = useState(false)
  const check = useReturn(isEnded, () => setEnded(false))
  useEffect(() => onSessionEnded(() => setEnded(true)), [])
  if (!isEnded) return <SessionWarning />
  return (
    <Dialog
      title="Your session has ended"
      onClose={() => setEnded(false)}
      actions={
        <>
          <a className="button button-main" href={signInAgain} target="_blank" rel="noopener">
            Sign in in a new tab
          </a>
          <Button onClick={() => check(() => setMissing(true))}>I have signed in</Button>
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
