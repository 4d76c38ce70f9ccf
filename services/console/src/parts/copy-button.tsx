import { useEffect, useState } from 'react'

/** Copies a text; says so, also to screen readers. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [message, setMessage] = useState('')
  useEffect(() => {
    if (message === '') return undefined
    const timer = setTimeout(() => setMessage(''), 4_000)
    return () => clearTimeout(timer)
  }, [message])
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setMessage('Copied'),
      () => setMessage('Copying is not allowed here; select the text instead'),
    )
  }
  return (
    <span className="row">
      <span role="status" className="small muted">
        {message}
      </span>
      <button type="button" className="button button-small" onClick={copy}>
        Copy<span className="visually-hidden"> {what}</span>
      </button>
    </span>
  )
}
