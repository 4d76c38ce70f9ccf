import { LRUCache } from 'lru-cache'

const maxEntries = 10_000
/** Bound of all keys together, in characters: syntax trees take some twenty times as many bytes. */
const maxCharacters = 8_000_000

/** Remembers what a pure function made of a text. */
export interface TextMemo<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** Creates a memo of at most 10,000 texts and 8 million characters; the least recently used go first. */
export function createTextMemo<V extends object>(): TextMemo<V> {
  return new LRUCache<string, V>({
    max: maxEntries,
    maxSize: maxCharacters,
    sizeCalculation: (_value, key) => key.length + 1,
  })
}
