import type { ReactNode } from 'react'

/** An error with what to do about it. Announced when it appears. */
export function Problem({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="notice notice-danger stack-tight" role="alert">
      <strong>{title}</strong>
      {children}
    </div>
  )
}
