/** A piece of text with its meaning. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly url: string; readonly children: readonly Inline[] }

/** A block of a text panel. */
export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'quote'; readonly children: readonly Inline[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | {
      readonly kind: 'table'
      readonly header: readonly (readonly Inline[])[]
      readonly rows: readonly (readonly (readonly Inline[])[])[]
    }

const inlinePattern =
  /`([^`]+)`|\*\*([^*]+(?:\*[^*]+\*[^*]*)*)\*\*|__([^_]+)__|\*([^*\n]+)\*|(?<![\w])_([^_\n]+)_(?![\w])|!\[([^\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)|\[([^\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)(?:\s+"[^"]*")?\)|<?(https?:\/\/[^\s<>)]+)>?/g

/** Reads emphasis, code, links and pictures (their words) of a line. */
export function readInline(text: string): readonly Inline[] {
  const parts: Inline[] = []
  let from = 0
  for (const match of text.matchAll(inlinePattern)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) })
    from = match.index + match[0].length
    parts.push(inlineOf(match))
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) })
  return parts
}

function inlineOf(match: RegExpExecArray): Inline {
  const [, code, strong, strong2, em, em2, picture, label, url, bare] = match
  if (code !== undefined) return { kind: 'code', text: code }
  if (strong !== undefined || strong2 !== undefined)
    return { kind: 'strong', children: readInline(strong ?? strong2 ?? '') }
  if (em !== undefined || em2 !== undefined) return { kind: 'em', children: readInline(em ?? em2 ?? '') }
  if (picture !== undefined) return { kind: 'text', text: picture }
  if (label !== undefined) return { kind: 'link', url: url ?? '', children: readInline(label) }
  return { kind: 'link', url: bare ?? '', children: [{ kind: 'text', text: bare ?? '' }] }
}

const cellsOf = (line: string): readonly (readonly Inline[])[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => readInline(cell.trim()))

interface Reader {
  readonly lines: readonly string[]
  at: number
}

function takeWhile(reader: Reader, test: (line: string) => boolean): string[] {
  const taken: string[] = []
  for (let line = reader.lines[reader.at]; line !== undefined && test(line); line = reader.lines[reader.at]) {
    taken.push(line)
    reader.at += 1
  }
  return taken
}

const bullet = /^\s*[-*+]\s+/
const number = /^\s*\d+[.)]\s+/
const heading = /^(#{1,6})\s+(.*?)\s*#*$/
const isPlain = (line: string): boolean =>
  line.trim() !== '' &&
  !bullet.test(line) &&
  !number.test(line) &&
  !heading.test(line) &&
  !/^(```|>)/.test(line)

function readList(reader: Reader, mark: RegExp): Block {
  const items: string[] = []
  for (const line of takeWhile(reader, (l) => mark.test(l) || (/^\s{2,}\S/.test(l) && l.trim() !== ''))) {
    if (mark.test(line)) items.push(line.replace(mark, ''))
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return { kind: 'list', ordered: mark === number, items: items.map(readInline) }
}

function readBlock(reader: Reader): Block | undefined {
  const line = reader.lines[reader.at] ?? ''
  const title = heading.exec(line)
  if (line.startsWith('```')) {
    reader.at += 1
    const text = takeWhile(reader, (l) => !l.startsWith('```')).join('\n')
    reader.at += 1
    return { kind: 'code', text }
  }
  if (bullet.test(line) && !/^\s*([-*])(\s*\1){2,}\s*$/.test(line)) return readList(reader, bullet)
  if (number.test(line)) return readList(reader, number)
  if (
    line.includes('|') &&
    /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(reader.lines[reader.at + 1] ?? '')
  ) {
    const [head = '', , ...rows] = takeWhile(reader, (l) => l.includes('|'))
    return { kind: 'table', header: cellsOf(head), rows: rows.map(cellsOf) }
  }
  if (line.startsWith('>'))
    return {
      kind: 'quote',
      children: readInline(
        takeWhile(reader, (l) => l.startsWith('>'))
          .map((l) => l.replace(/^>\s?/, ''))
          .join(' '),
      ),
    }
  if (title !== null || /^\s*([-*_])(\s*\1){2,}\s*$/.test(line) || line.trim() === '') {
    reader.at += 1
    if (title !== null)
      return { kind: 'heading', level: title[1]?.length ?? 1, children: readInline(title[2] ?? '') }
    return line.trim() === '' ? undefined : { kind: 'rule' }
  }
  const text = takeWhile(reader, isPlain)
  if (text.length === 0) reader.at += 1
  return { kind: 'paragraph', children: readInline((text.length === 0 ? line : text.join('\n')).trim()) }
}

/** Reads the Markdown that text panels have. What is not known stands as it is written. */
export function readMarkdown(text: string): readonly Block[] {
  const reader: Reader = { lines: stripHtml(text).split(/\r?\n/), at: 0 }
  const blocks: Block[] = []
  while (reader.at < reader.lines.length) {
    const block = readBlock(reader)
    if (block !== undefined) blocks.push(block)
  }
  return blocks
}

/**
 * The level that each heading has on a page where `top` comes next: nothing is left out on the way down, whatever levels the text
 * uses for their size. Undefined for other blocks.
 */
export function headingLevels(blocks: readonly Block[], top: number): readonly (number | undefined)[] {
  const above: number[] = []
  return blocks.map((block) => {
    if (block.kind !== 'heading') return undefined
    while ((above.at(-1) ?? 0) >= block.level) above.pop()
    above.push(block.level)
    return Math.min(6, top + above.length - 1)
  })
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: ' ',
}

/** HTML as the Markdown that says the same; tags that say nothing go, with scripts and styles all of them. */
export function stripHtml(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, '')
    .replace(
      /<a\b[^>]*\bhref\s*=\s*["']?([^"'\s>]+)["']?[^>]*>([\s\S]*?)<\/a>/gi,
      (_w, url: string, label: string) => {
        const words = label
          .replace(/<img\b[^>]*\balt\s*=\s*"([^"]*)"[^>]*>/gi, '$1')
          .replace(/<[^>]*>/g, '')
          .trim()
        return words === '' ? '' : `[${words}](${url})`
      },
    )
    .replace(/<img\b[^>]*\balt\s*=\s*"([^"]*)"[^>]*>/gi, '$1')
    .replace(
      /<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/gi,
      (_w, n: string, inner: string) => `\n\n${'#'.repeat(Number(n))} ${inner.trim()}\n\n`,
    )
    .replace(/<(b|strong)\b[^>]*>([\s\S]*?)<\/\1>/gi, '**$2**')
    .replace(/<(i|em)\b[^>]*>([\s\S]*?)<\/\1>/gi, '*$2*')
    .replace(/<code\b[^>]*>([\s\S]*?)<\/code>/gi, '`$1`')
    .replace(/<li\b[^>]*>\s*/gi, '\n- ')
    .replace(/<br\b[^>]*>/gi, '\n')
    .replace(/<\/?(p|div|ul|ol|table|tr|section|center|hr)\b[^>]*>/gi, '\n\n')
    .replace(/<\/?[a-z][^>]*>/gi, (tag) => (/^<https?:/i.test(tag) ? tag : ''))
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (whole, name: string) => entities[name] ?? whole)
}
