import { Fragment } from 'react'
import { comparePromql, needsSpace, type Piece, type Token, tokenize } from './promql-tokens.ts'

function Tokens({ tokens }: { readonly tokens: readonly Token[] }) {
  return tokens.map((token, i) =>
    token.kind === 'space' ? (
      token.text
    ) : (
      <span key={i} className={`tok tok-${token.kind}`}>
        {token.text}
        {/^[,({]$/.test(token.text) && <wbr />}
      </span>
    ),
  )
}

/** A query to read, coloured as in the editor. */
export function Promql({ text, label }: { readonly text: string; readonly label?: string }) {
  return (
    <code className="selector promql" aria-label={label}>
      <Tokens tokens={tokenize(text)} />
    </code>
  )
}

function Marked({ piece: { change, text, tokens } }: { readonly piece: Piece }) {
  if (change === 'same') return <Tokens tokens={tokens} />
  if (change === 'removed')
    return (
      <del className="tok-removed">
        <span className="visually-hidden"> removed: </span>
        {text}
      </del>
    )
  return (
    <ins className="tok-added">
      <span className="visually-hidden"> added: </span>
      {text}
    </ins>
  )
}

/** `after` with what differs from `before` marked by colour, underline and, for screen readers, words. */
export function PromqlDiff({ before, after }: { readonly before: string; readonly after: string }) {
  const pieces = comparePromql(before, after)
  return (
    <code className="selector promql">
      {pieces.map((piece, i) => {
        const previous = pieces[i - 1]?.text ?? ''
        return (
          <Fragment key={i}>
            {needsSpace(previous, piece.text) && ' '}
            <Marked piece={piece} />
            {/^[,({]$/.test(piece.text) && <wbr />}
          </Fragment>
        )
      })}
    </code>
  )
}
