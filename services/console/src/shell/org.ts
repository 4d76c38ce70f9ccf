import { useCallback, useState } from 'react'

const key = 'gatehouse.org'

/** An address may name its org, so that a link shows the same to whoever is in several. */
function fromAddress(): string | undefined {
  return new URLSearchParams(location.search).get('org') ?? undefined
}

function remember(uid: string | undefined): void {
  try {
    if (uid === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, uid)
  } catch {
    // Without storage the tab begins in the person's first org.
  }
}

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

/** The org of this tab; other tabs may work in another one. */
export function useOrg(): readonly [string | undefined, (uid: string | undefined) => void] {
  const [org, setOrg] = useState(() => {
    const named = fromAddress()
    if (named !== undefined) remember(named)
    return named ?? remembered()
  })
  const choose = useCallback((uid: string | undefined) => {
    remember(uid)
    setOrg(uid)
  }, [])
  return [org, choose]
}
