import { describe, expect, it } from 'vitest'
import { headingLevels, type Inline, readMarkdown, stripHtml } from './markdown.ts'

const plain = (parts: readonly Inline[]): string =>
  parts.map((part) => ('text' in part ? part.text : `<${part.kind}:${plain(part.children)}>`)).join('')

describe('text panels', () => {
  it('reads headings, paragraphs, lists, code, quotes, rules and tables', () => {
    const text =
      '# Title\nfirst\nline\n\n- a\n- b\n  more\n\n1. one\n2) two\n\n```\ncode *x*\n```\n> said\n\n---\n| a | b |\n|---|:-:|\n| 1 | 2 |'
    expect(readMarkdown(text).map((block) => block.kind)).toEqual([
      'heading',
      'paragraph',
      'list',
      'list',
      'code',
      'quote',
      'rule',
      'table',
    ])
  })

  it('an address may have parentheses in it', () => {
    const [block] = readMarkdown('[a](https://x.example/y_(z)) [b](javascript:alert(1)) ![c](d(e).png)')
    expect(block?.kind === 'paragraph' && plain(block.children)).toBe('<link:a> <link:b> c')
  })

  it('its headings leave out no level of the page', () => {
    const blocks = readMarkdown('### a\n# b\ntext\n### c\n### d\n## e\n###### f')
    expect(headingLevels(blocks, 4)).toEqual([4, 4, undefined, 5, 5, 5, 6])
  })

  it('reads emphasis, code and links', () => {
    const [block] = readMarkdown('a **b *c*** `*d*` [e](/f) snake_case_name https://x.example/y')
    expect(block?.kind === 'paragraph' && plain(block.children)).toBe(
      'a <strong:b <em:c>> *d* <link:e> snake_case_name <link:https://x.example/y>',
    )
  })

  it('keeps what HTML says and nothing of what it does', () => {
    const html =
      '<script>alert(1)</script><h2 style="x">Hi</h2><p onclick="x">a <b>b</b><br><a href="/x"><img src=x onerror=alert(1) alt="pic"></a></p><iframe src="x"></iframe>&lt;b&gt;<li>one<li>two'
    const text = stripHtml(html)
    expect(text).not.toMatch(/script|onclick|onerror|iframe/)
    expect(text).toContain('## Hi')
    expect(text).toContain('**b**')
    expect(text).toContain('[pic](/x)')
    expect(text).toContain('<b>')
  })

  it('ends on every text', () => {
    for (const text of [
      '',
      '|',
      '>',
      '```',
      '- ',
      '#',
      '**',
      '[',
      '1.',
      '<',
      '<script>',
      '  x',
      '***',
      '*a\n*b',
    ])
      expect(() => readMarkdown(text)).not.toThrow()
  })
})
