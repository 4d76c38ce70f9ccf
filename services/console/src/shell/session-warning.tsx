import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { onSessionUsed } from '../api/client.ts'
import { extendSession, readSessionEnds, type SessionEnds } from '../api/session.ts'
import { Button } from '../parts/button.tsx'

const warnMs = 3 * 60_000
const lookMs = 60_000

interface Ends {
  readonly idleAt: number
  readonly lifetimeAt: number
  readonly vouchedAt: number
}

function at({ idleIn, lifetimeIn, vouchedIn = Number.POSITIVE_INFINITY }: SessionEnds): Ends {
  const now = Date.now()
  return { idleAt: now + idleIn, lifetimeAt: now + lifetimeIn, vouchedAt: now + vouchedIn }
}

/**
 * When the session ends, looked at once a minute and when the page is looked at again, without using it; undefined when it cannot be
 * told. Another session than before may be another person's.
 */
function useEnds(onOther: () => void): readonly [Ends | undefined, () => void] {
  const [ends, setEnds] = useState<Ends>()
  const session = useRef<string>(undefined)
  const tell = useEffectEvent(onOther)
  const look = useCallback(() => {
    readSessionEnds().then(
      (found) => {
        setEnds(at(found))
        if (session.current !== undefined && session.current !== found.uid) tell()
        session.current = found.uid
      },
      () => setEnds(undefined),
    )
  }, [])
  useEffect(() => {
    const lookAgain = (): void => {
      if (document.visibilityState === 'visible') look()
    }
    look()
    const timer = setInterval(look, lookMs)
    document.addEventListener('visibilitychange', lookAgain)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', lookAgain)
    }
  }, [look])
  // What was read shows that the idle time began anew.
  useEffect(() => {
    if (ends === undefined || ends.idleAt - Date.now() > warnMs) return undefined
    return onSessionUsed(look)
  }, [ends, look])
  const extend = (): void => {
    extendSession().then(
      (found) => setEnds(at(found)),
      () => setEnds(undefined),
    )
  }
  return [ends, extend]
}

function minutes(ms: number): string {
  const count = Math.max(1, Math.ceil(ms / 60_000))
  return count === 1 ? '1 minute' : `${count} minutes`
}

/** Says a few minutes before that the session ends, with a way to stay. Calls `onOther` when the session is another one. */
export function SessionWarning({ onOther }: { readonly onOther: () => void }) {
  const [ends, extend] = useEnds(onOther)
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 20_000)
    return () => clearInterval(timer)
  }, [])
  if (ends === undefined) return null
  const now = Date.now()
  const [idle, lifetime, vouched] = [ends.idleAt - now, ends.lifetimeAt - now, ends.vouchedAt - now]
  if (lifetime <= warnMs)
    return (
      <div className="session-warning" role="alert">
        <span>
          You have been signed in for as long as your org allows: the session ends in {minutes(lifetime)}.
          Save what you are doing; afterwards you can sign in again without losing this page.
        </span>
      </div>
    )
  if (vouched <= warnMs)
    return (
      <div className="session-warning" role="alert">
        <span>
          Your identity provider does not answer whether you still belong here: unless it does, the session
          ends in {minutes(vouched)}. Save what you are doing.
        </span>
      </div>
    )
  if (idle > warnMs) return null
  return (
    <div className="session-warning" role="alert">
      <span>You have not used Gatehouse for a while: you will be signed out in {minutes(idle)}.</span>
      <Button isSmall kind="main" onClick={extend}>
        Stay signed in
      </Button>
    </div>
  )
}
