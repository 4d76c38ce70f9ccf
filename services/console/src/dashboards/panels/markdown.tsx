import { Fragment } from 'react'
import { type Block, type Inline, readMarkdown } from '../model/markdown.ts'
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

function BlockOf({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading':
      // The page's own headings go down to the panel's title, h3.
      return (
        <p
          className={`md-heading md-heading-${Math.min(3, block.level)}`}
          role="heading"
          aria-level={Math.min(6, block.level + 3)}
        >
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
      return <pre className="snippet">{block.text}</pre>
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
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="md">
      {readMarkdown(text).map((block, i) => (
        <BlockOf key={i} block={block} />
      ))}
    </div>
  )
}
