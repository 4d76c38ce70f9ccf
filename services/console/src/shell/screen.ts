import type { ComponentType } from 'react'
import type { Me } from '../api/me.ts'
import type { IconName } from '../parts/icon.tsx'
import type { Params } from '../router/match.ts'

/** One screen: its address, who it is for, and where its code is. */
export interface Screen {
  /** As `matchPath` takes it; the first that fits is shown. */
  readonly path: string
  readonly title: string
  /** Its place in the navigation; one without is reached by links. */
  readonly nav?: { readonly to: string; readonly icon: IconName }
  /** Actions of which a role must allow one; none for everybody who is signed in. */
  readonly needs?: readonly string[]
  /** Whether this person has a use for it, where actions alone do not tell. */
  readonly isFor?: (me: Me) => boolean
  /** A few sentences for the help that stands at the same place on every screen. */
  readonly help: readonly string[]
  readonly load: () => Promise<{ readonly default: ComponentType<{ readonly params: Params }> }>
}
