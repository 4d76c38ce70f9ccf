import { useEffect } from 'react'
import { Alone } from '../parts/alone.tsx'
import { type SignedInMessage, signedInChannel } from '../shell/channel.ts'

/** Where a sign-in begun from a page whose session had ended comes back to. */
export function SignedInAgainPage() {
  useEffect(() => {
    const channel = new BroadcastChannel(signedInChannel)
    channel.postMessage({} satisfies SignedInMessage)
    return () => channel.close()
  }, [])
  return (
    <Alone title="You are signed in again">
      <p>Close this tab and go on where you were; nothing you typed there is lost.</p>
      <a className="button" href="/">
        Or begin at Home
      </a>
    </Alone>
  )
}
