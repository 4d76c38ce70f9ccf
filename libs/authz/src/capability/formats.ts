/** How Grafana puts the values of a variable into a text, and what such a text can have been made of. */
export interface Format {
  readonly render: (values: readonly string[], name: string) => string
  /** The values a text can stand for, one list for each way to read it. */
  readonly read: (text: string, name: string) => readonly (readonly string[])[]
  /** A single value is written as it is, so that it can also stand outside a string. */
  readonly isPlain: boolean
}

function joined(separator: string): Format {
  return {
    render: (values) => values.join(separator),
    // A value may hold the separator itself.
    read: (text) => [[text], text.split(separator)],
    isPlain: true,
  }
}

function withoutBraces(text: string): readonly (readonly string[])[] {
  return text.startsWith('{') && text.endsWith('}') ? [text.slice(1, -1).split(',')] : []
}

interface Quoting {
  readonly quote: string
  /** The text of a value that needs more than quotes around it, and back. */
  readonly pairs: readonly (readonly [plain: string, written: string])[]
}

function quoted({ quote, pairs }: Quoting): Format {
  const write = (value: string): string =>
    quote + pairs.reduce((text, [plain, written]) => text.replaceAll(plain, written), value) + quote
  const back = (text: string): string =>
    pairs.reduce((value, [plain, written]) => value.replaceAll(written, plain), text)
  return {
    render: (values) => values.map(write).join(','),
    read: (text) => {
      if (text === '') return [['']]
      return text.length > 1 && text.startsWith(quote) && text.endsWith(quote)
        ? [[back(text.slice(1, -1))], text.slice(1, -1).split(`${quote},${quote}`).map(back)]
        : []
    },
    isPlain: false,
  }
}

function strict(text: string): string {
  return text.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function encoded(encode: (text: string) => string): Format {
  return {
    render: (values) => strict(encode(values.length === 1 ? (values[0] ?? '') : `{${values.join(',')}}`)),
    read: (text) => {
      try {
        const decoded = decodeURIComponent(text)
        return [[decoded], ...withoutBraces(decoded)]
      } catch {
        return []
      }
    },
    isPlain: false,
  }
}

const htmlPairs: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]

const html: Format = {
  render: (values) =>
    htmlPairs.reduce((text, [plain, written]) => text.replaceAll(plain, written), values.join(', ')),
  read: (text) => {
    const plain = htmlPairs.toReversed().reduce((done, [to, from]) => done.replaceAll(from, to), text)
    return [[plain], plain.split(', ')]
  },
  isPlain: false,
}

function readJson(text: string): readonly (readonly string[])[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? [list] : [[text]]
  } catch {
    return [[text]]
  }
}

function luceneEscape(value: string): string {
  return Number.isNaN(Number(value)) ? value.replace(/[!*+\-=<>\s&|()[\]{}^~?:\\/"]/g, '\\$&') : value
}

const lucene: Format = {
  render: (values) => {
    if (values.length === 1) return luceneEscape(values[0] ?? '')
    return values.length === 0
      ? '__empty__'
      : `(${values.map((value) => `"${luceneEscape(value)}"`).join(' OR ')})`
  },
  read: (text) => {
    const back = (written: string): string => written.replace(/\\(.)/gs, '$1')
    const list = /^\("([\s\S]*)"\)$/.exec(text)?.[1]?.split('" OR "').map(back)
    return [[back(text)], ...(text === '__empty__' ? [['']] : []), ...(list === undefined ? [] : [list])]
  },
  isPlain: false,
}

const glob: Format = {
  render: (values) => (values.length > 1 ? `{${values.join(',')}}` : values.join('')),
  read: (text) => [[text], ...withoutBraces(text)],
  isPlain: true,
}

const distributed: Format = {
  render: (values, name) => values.map((value, i) => (i === 0 ? value : `${name}=${value}`)).join(','),
  read: (text, name) => [[text], text.split(`,${name}=`)],
  isPlain: true,
}

/**
 * Grafana's formats of a variable that can stand in a PromQL string, but `regex` and the default: these two write regular expressions and
 * are read as such. Dates and parameters of links are not among them.
 */
export const formats: Readonly<Partial<Record<string, Format>>> = {
  raw: joined(','),
  csv: joined(','),
  join: joined(','),
  pipe: joined('|'),
  text: joined(' + '),
  glob,
  distributed,
  html,
  lucene,
  json: {
    render: (values) => (values.length === 1 ? (values[0] ?? '') : JSON.stringify(values)),
    read: readJson,
    isPlain: true,
  },
  singlequote: quoted({ quote: "'", pairs: [["'", "\\'"]] }),
  doublequote: quoted({ quote: '"', pairs: [['"', '\\"']] }),
  sqlstring: quoted({
    quote: "'",
    pairs: [
      ["'", "''"],
      ['"', '\\"'],
    ],
  }),
  percentencode: encoded(encodeURIComponent),
  uriencode: encoded(encodeURI),
}

/** Every format that a query of a dashboard may name; undefined is Grafana's own for PromQL. */
export const formatNames: readonly (string | undefined)[] = [undefined, 'regex', ...Object.keys(formats)]

/** Whether an occurrence names one of them; arguments of a format, as in `join:;`, are not read. */
export function isKnownFormat(format: string | undefined): boolean {
  return formatNames.includes(format)
}
