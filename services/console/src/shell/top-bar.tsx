import { useState } from 'react'
import type { Me } from '../api/me.ts'
import { Brand } from '../parts/brand.tsx'
import { Icon } from '../parts/icon.tsx'
import { AccountMenu } from './account-menu.tsx'
import { Help } from './help.tsx'
import type { Screen } from './screen.ts'

interface TopBarProps {
  readonly me: Me
  readonly screen: Screen | undefined
  readonly onOrg: (uid: string) => void
  readonly isNavOpen: boolean
  readonly onNav: () => void
}

function OrgChoice({ me, onOrg }: Pick<TopBarProps, 'me' | 'onOrg'>) {
  if (me.orgs.length < 2)
    return (
      <span className="bar-org">
        <span className="visually-hidden">Org: </span>
        {me.org.name}
      </span>
    )
  return (
    <span className="bar-org">
      <label htmlFor="org" className="visually-hidden">
        Org
      </label>
      <select
        id="org"
        className="input input-small"
        value={me.org.uid}
        onChange={(event) => onOrg(event.currentTarget.value)}
      >
        {me.orgs.map(({ uid, name }) => (
          <option key={uid} value={uid}>
            {name}
          </option>
        ))}
      </select>
    </span>
  )
}

/** Where I am (org), help, and who I am; the same on every screen. */
export function TopBar({ me, screen, onOrg, isNavOpen, onNav }: TopBarProps) {
  const [isHelpOpen, setHelpOpen] = useState(false)
  return (
    <header className="bar">
      <button
        type="button"
        className="button button-quiet button-small nav-toggle"
        aria-expanded={isNavOpen}
        aria-controls="nav"
        onClick={onNav}
      >
        <Icon name="menu" />
        <span>Menu</span>
      </button>
      <Brand />
      <OrgChoice me={me} onOrg={onOrg} />
      <div className="bar-end">
        <button type="button" className="button button-quiet button-small" onClick={() => setHelpOpen(true)}>
          <Icon name="help" />
          Help
        </button>
        <AccountMenu me={me} />
      </div>
      {isHelpOpen && <Help screen={screen} onClose={() => setHelpOpen(false)} />}
    </header>
  )
}
