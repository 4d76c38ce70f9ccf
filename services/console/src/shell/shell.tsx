import { Component, lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { Me } from '../api/me.ts'
import { MeContext } from '../api/me-context.ts'
import { Announcements } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Problem } from '../parts/problem.tsx'
import { Skeleton } from '../parts/states.tsx'
import { usePath } from '../router/location.ts'
import { matchPath, type Params } from '../router/match.ts'
import { screens } from '../routes.tsx'
import { Forbidden } from './forbidden.tsx'
import { Missing } from './missing.tsx'
import { Nav } from './nav.tsx'
import type { Screen } from './screen.ts'
import { SessionGuard } from './session-guard.tsx'
import { TopBar } from './top-bar.tsx'

/** Whether the roles of `me` have a use for a screen. */
export function mayOpen(me: Me, { needs, isFor }: Screen): boolean {
  const isAllowed = needs === undefined || needs.some((action) => me.actions.includes(action))
  return isAllowed && (isFor?.(me) ?? true)
}

function findScreen(path: string): { readonly screen: Screen; readonly params: Params } | undefined {
  for (const screen of screens) {
    const params = matchPath(screen.path, path)
    if (params !== undefined) return { screen, params }
  }
  return undefined
}

/** A screen that could not be loaded or fell over: the rest of the console goes on. */
class Catch extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }
  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true }
  }
  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children
    return (
      <Problem title="This screen could not be shown">
        <span>It may have been updated meanwhile. Load the page again; your address is kept.</span>
        <span>
          <Button isSmall onClick={() => location.reload()}>
            Load again
          </Button>
        </span>
      </Problem>
    )
  }
}

const loaded = new Map<Screen, ReturnType<typeof lazy<Awaited<ReturnType<Screen['load']>>['default']>>>()

function componentOf(screen: Screen) {
  const known = loaded.get(screen)
  if (known !== undefined) return known
  const made = lazy(screen.load)
  loaded.set(screen, made)
  return made
}

function Content({ me, path }: { readonly me: Me; readonly path: string }) {
  const found = findScreen(path)
  if (found === undefined) return <Missing />
  const { screen, params } = found
  if (!mayOpen(me, screen)) return <Forbidden screen={screen} />
  const Shown = componentOf(screen)
  return (
    <Catch key={screen.path}>
      <Suspense fallback={<Skeleton lines={6} label={`Loading ${screen.title}`} />}>
        <Shown key={me.org.uid} params={params} />
      </Suspense>
    </Catch>
  )
}

/** After going to another screen, the reader begins at its top. */
function useFocusOnArrival(path: string): React.RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null)
  const screenPath = findScreen(path)?.screen.path
  const first = useRef(true)
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [screenPath])
  return main
}

/** What stands around every screen. */
export function Shell({ me, onOrg }: { readonly me: Me; readonly onOrg: (uid: string) => void }) {
  const path = usePath()
  const [isNavOpen, setNavOpen] = useState(false)
  const screen = findScreen(path)?.screen
  const main = useFocusOnArrival(path)
  const shown = useMemo(() => screens.filter((one) => one.nav !== undefined && mayOpen(me, one)), [me])
  useEffect(() => {
    document.title = `${screen?.title ?? 'Not found'} – ${me.org.name} – Gatehouse`
  }, [screen, me.org.name])
  useEffect(() => setNavOpen(false), [path])
  return (
    <MeContext value={me}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <TopBar
        me={me}
        screen={screen}
        onOrg={onOrg}
        isNavOpen={isNavOpen}
        onNav={() => setNavOpen(!isNavOpen)}
      />
      <div className="frame">
        <Nav screens={shown} path={path} isOpen={isNavOpen} />
        <main id="main" ref={main} className="main" tabIndex={-1}>
          <Content me={me} path={path} />
        </main>
      </div>
      <SessionGuard />
      <Announcements />
    </MeContext>
  )
}
