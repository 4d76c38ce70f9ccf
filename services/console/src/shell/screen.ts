import type { ComponentType } from 'react'
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
  /** Roles of the release that allow one of them, for those who lack it and may not look at roles themselves. */
  readonly roles?: readonly string[]
  /** A few sentences for the help that stands at the same place on every screen. */
  readonly help: readonly string[]
  readonly load: () => Promise<{ readonly default: ComponentType<{ readonly params: Params }> }>
}
