import { Fragment } from 'react'
import { type Block, headingLevels, type Inline, readMarkdown } from '../model/markdown.ts'
import { safeUrl } from '../model/requests.ts'

function Inlines({ parts }: { readonly parts: readonly Inline[] }) {
  return parts.map((part, i) => <Fragment key={i}>{inline(part)}</Fragment>)
}

function inline(part: Inline) {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'code':
      return <code>{part.text}</code>
    case 'strong':
      return (
        <strong>
          <Inlines parts={part.children} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inlines parts={part.children} />
        </em>
      )
    case 'link': {
      const url = safeUrl(part.url)
      const label = <Inlines parts={part.children} />
      return url === undefined ? (
        label
      ) : (
        <a href={url} target="_blank" rel="noreferrer">
          {label}
        </a>
      )
    }
  }
}

/** Code as it is written; long lines scroll. */
export function Code({ text }: { readonly text: string }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <pre className="snippet" tabIndex={0} role="group" aria-label="Code">
      {text}
    </pre>
  )
}

function BlockOf({ block, level }: { readonly block: Block; readonly level: number | undefined }) {
  switch (block.kind) {
    case 'heading':
      return (
        <p className={`md-heading md-heading-${Math.min(3, block.level)}`} role="heading" aria-level={level}>
          <Inlines parts={block.children} />
        </p>
      )
    case 'paragraph':
      return (
        <p className="md-paragraph">
          <Inlines parts={block.children} />
        </p>
      )
    case 'code':
      return <Code text={block.text} />
    case 'rule':
      return <hr />
    case 'quote':
      return (
        <blockquote>
          <Inlines parts={block.children} />
        </blockquote>
      )
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul'
      return (
        <List>
          {block.items.map((item, i) => (
            <li key={i}>
              <Inlines parts={item} />
            </li>
          ))}
        </List>
      )
    }
    case 'table':
      return (
        <table className="table">
          <thead>
            <tr>
              {block.header.map((cell, i) => (
                <th key={i} scope="col">
                  <Inlines parts={cell} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, i) => (
              <tr key={i}>
                {row.map((cell, k) => (
                  <td key={k}>
                    <Inlines parts={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )
  }
}

/** Markdown as elements: nothing of the text becomes markup by itself. */
export function Markdown({ text, topLevel }: { readonly text: string; readonly topLevel: number }) {
  const blocks = readMarkdown(text)
  const levels = headingLevels(blocks, topLevel)
  return (
    <div className="md">
      {blocks.map((block, i) => (
        <BlockOf key={i} block={block} level={levels[i]} />
      ))}
    </div>
  )
}
