/**
 * What a token is. Punctuation and symbolic operators are `symbol`; reserved words carry the kind `wordKind` gives them;
 * `colonName` is a name with a colon, which can only be a metric's.
 */
export type TokenKind =
  | 'symbol'
  | 'identifier'
  | 'colonName'
  | 'aggregation'
  | 'operator'
  | 'modifier'
  | 'number'
  | 'duration'
  | 'string'
  | 'end'

/** One token; `start` and `end` are UTF-16 offsets. */
export interface Token {
  readonly kind: TokenKind
  /**
   * Symbols and words with a meaning of their own: the text in lower case, for matching. Others: the
   * source text.
   */
  readonly text: string
  readonly start: number
  readonly end: number
}
