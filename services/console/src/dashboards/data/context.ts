import { createContext, useContext } from 'react'

/** A data source that queries of a dashboard may go to. */
export interface SourceChoice {
  readonly uid: string
  readonly name: string
}

/** In whose name and from where a dashboard asks. */
export interface Asking {
  readonly org: string | undefined
  /** Of a share link; the session otherwise. */
  readonly token: string | undefined
  readonly dashboardUid: string
  readonly sources: readonly SourceChoice[]
  readonly defaultSource: string
  /** Sources I may query myself; elsewhere only the dashboard's own queries are answered. */
  readonly ownSources: ReadonlySet<string>
}

const AskingContext = createContext<Asking | undefined>(undefined)

export const AskingProvider = AskingContext.Provider

/** How the dashboard around asks. */
export function useAsking(): Asking {
  const asking = useContext(AskingContext)
  if (asking === undefined) throw new Error('useAsking is for what stands on a dashboard')
  return asking
}

/** The uid behind what a dashboard names: a uid or a name of a data source that is there, else the default one. */
export function sourceOf({ sources, defaultSource }: Asking, named: string | undefined): string {
  const found = sources.find(({ uid, name }) => uid === named || name === named)
  return found?.uid ?? defaultSource
}
