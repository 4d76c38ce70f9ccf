import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react'
import { Link } from '../router/link.tsx'

export interface Tab<Id extends string> {
  readonly id: Id
  readonly title: ReactNode
}

interface TabsProps<Id extends string> {
  /** What the tabs are of, for screen readers. */
  readonly label: string
  readonly tabs: readonly Tab<Id>[]
  readonly selected: Id
  readonly onSelect: (id: Id) => void
  /** The panel of the selected tab. */
  readonly children: ReactNode
}

const steps: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowRight: (index, count) => (index + 1) % count,
  ArrowLeft: (index, count) => (index - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
}

/** Views of the same thing, one at a time; arrows move between them. */
export function Tabs<Id extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Id>) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = steps[event.key]?.(
      tabs.findIndex((tab) => tab.id === selected),
      tabs.length,
    )
    const tab = next === undefined ? undefined : tabs[next]
    if (tab === undefined) return
    event.preventDefault()
    onSelect(tab.id)
    list.current?.querySelector<HTMLElement>(`[data-tab="${tab.id}"]`)?.focus()
  }
  return (
    <div className="tabs">
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- the tabs within take the focus */}
      <div ref={list} className="tab-list" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            className="tab"
            id={`${id}-${tab.id}`}
            data-tab={tab.id}
            aria-selected={tab.id === selected}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === selected ? 0 : -1}
            onClick={() => onSelect(tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div
        className="tab-panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${selected}`}
        tabIndex={-1}
      >
        {children}
      </div>
    </div>
  )
}

/** Pages of one screen, each with an address of its own. */
export function LinkTabs({
  label,
  tabs,
  path,
}: {
  readonly label: string
  readonly tabs: readonly { readonly to: string; readonly title: string }[]
  readonly path: string
}) {
  return (
    <nav className="tab-list" aria-label={label}>
      {tabs.map(({ to, title }) => (
        <Link
          key={to}
          to={to}
          className="tab"
          aria-current={path === to || path.startsWith(`${to}/`) ? 'page' : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  )
}
