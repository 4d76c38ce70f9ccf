import { useState } from 'react'
import { type Me, signOut } from '../api/me.ts'
import { Brand } from './brand.tsx'

interface TopBarProps {
  readonly me: Me
  readonly onOrg: (uid: string) => void
}

function OrgName({ me, onOrg }: TopBarProps) {
  if (me.orgs.length < 2) return <span className="bar-place">{me.org.name}</span>
  return (
    <span className="row bar-place">
      <label htmlFor="org" className="small muted">
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

/** Where I am (org), who I am, and the way out. */
export function TopBar({ me, onOrg }: TopBarProps) {
  const [problem, setProblem] = useState('')
  const leave = (): void => {
    signOut().then(
      (address) => location.assign(address),
      () => setProblem('Signing out failed; try again.'),
    )
  }
  return (
    <header className="bar">
      <div className="bar-inner">
        <Brand />
        <OrgName me={me} onOrg={onOrg} />
        <div className="bar-end">
          <span className="muted bar-name">{me.name}</span>
          <button type="button" className="button button-small" onClick={leave}>
            Sign out
          </button>
        </div>
      </div>
      <p role="status" className="bar-status small">
        {problem}
      </p>
    </header>
  )
}
