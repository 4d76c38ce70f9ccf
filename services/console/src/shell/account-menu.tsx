import { useState } from 'react'
import { type Me, signOut } from '../api/me.ts'
import { Button } from '../parts/button.tsx'
import { Disclosure } from '../parts/disclosure.tsx'
import { Icon } from '../parts/icon.tsx'
import { Link } from '../router/link.tsx'
import { readTheme, setTheme, type Theme } from './theme.ts'

const themes: readonly { readonly value: Theme; readonly text: string }[] = [
  { value: 'system', text: 'As the system' },
  { value: 'light', text: 'Light' },
  { value: 'dark', text: 'Dark' },
]

function ThemeChoice() {
  const [theme, choose] = useState(readTheme)
  return (
    <fieldset className="choices">
      <legend>Colours</legend>
      {themes.map(({ value, text }) => (
        <label key={value}>
          <input
            type="radio"
            name="theme"
            checked={theme === value}
            onChange={() => {
              choose(value)
              setTheme(value)
            }}
          />
          {text}
        </label>
      ))}
    </fieldset>
  )
}

/** Who I am here, how things look, and the way out. */
export function AccountMenu({ me }: { readonly me: Me }) {
  const [problem, setProblem] = useState('')
  const leave = (): void => {
    signOut().then(
      (address) => location.assign(address),
      () => setProblem('Signing out failed; try again.'),
    )
  }
  return (
    <Disclosure
      className="account"
      button={
        <>
          <Icon name="person" />
          <span className="visually-hidden">Account: </span>
          <span className="bar-name">{me.name}</span>
          <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <div className="stack">
          <p>
            <strong>{me.name}</strong>
            <br />
            <span className="small muted">
              {me.issuer === null ? 'signed in with a token' : `signed in by ${me.issuer.title}`}
            </span>
          </p>
          <ThemeChoice />
          <Link to="/access/sessions" onClick={close}>
            Where you are signed in
          </Link>
          <Button onClick={leave}>Sign out</Button>
          <p role="status" className="small">
            {problem}
          </p>
        </div>
      )}
    </Disclosure>
  )
}
