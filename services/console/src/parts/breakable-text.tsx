import { Fragment } from 'react'

/** A series, selector or address that breaks, if it must, between its words rather than within them. Copied, it is unchanged. */
export function BreakableText({ text }: { readonly text: string }) {
  return text.split(/(?<=[_,{=/])(?=[^/])/).map((part, i) => (
    <Fragment key={i}>
      {i > 0 && <wbr />}
      {part}
    </Fragment>
  ))
}
