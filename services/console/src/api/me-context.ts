import { createContext, useContext } from 'react'
import type { Me } from './me.ts'

/** The person signed in, for everything inside the shell. */
export const MeContext = createContext<Me | undefined>(undefined)

/** Who is signed in, in the org of this tab. Only inside the shell. */
export function useMe(): Me {
  const me = useContext(MeContext)
  if (me === undefined) throw new Error('useMe is for what stands inside the shell')
  return me
}

/** Whether a role of this person allows the action anywhere; the API decides on each resource. */
export function useCan(): (action: string) => boolean {
  const { actions } = useMe()
  return (action) => actions.includes(action)
}
