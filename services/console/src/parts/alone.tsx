import { type ReactNode, useEffect } from 'react'
import { Brand } from './brand.tsx'

/** A page with one thing to do: brand and card in the middle. */
export function Alone({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} – Gatehouse`
  }, [title])
  return (
    <div className="alone">
      <header>
        <Brand />
      </header>
      <main className="card stack">
        <h1>{title}</h1>
        {children}
      </main>
    </div>
  )
}
