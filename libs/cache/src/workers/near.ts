import { LRUCache } from 'lru-cache'
import { gzipped } from '../texts.ts'

interface Copy {
  readonly body: Buffer
  gzip: Buffer | undefined
  /** Monotonic, ms. */
  readonly expiresAt: number
}

/** Texts that another process keeps, copied here for as long as they hold there. */
export interface Near {
  get(key: string): { readonly body: Buffer; readonly gzip: () => Promise<Buffer> } | undefined
  set(key: string, body: Buffer, freshMs: number): void
}

/** Creates the copies, bounded by bytes. */
export function createNear(maxBytes: number, monotonic: () => number): Near {
  const copies = new LRUCache<string, Copy>({
    maxSize: maxBytes,
    sizeCalculation: ({ body, gzip }, key) => body.length + (gzip?.length ?? 0) + 2 * key.length + 128,
  })
  return {
    get(key) {
      const copy = copies.get(key)
      if (copy === undefined) return undefined
      if (monotonic() >= copy.expiresAt) {
        copies.delete(key)
        return undefined
      }
      const gzip = async (): Promise<Buffer> => {
        if (copy.gzip !== undefined) return copy.gzip
        copy.gzip = await gzipped(copy.body)
        if (copies.peek(key) !== copy) return copy.gzip
        // Weighed again.
        copies.delete(key)
        copies.set(key, copy)
        return copy.gzip
      }
      return { body: copy.body, gzip }
    },
    set(key, body, freshMs) {
      // A view of a frame would keep the whole of it.
      copies.set(key, { body: Buffer.from(body), gzip: undefined, expiresAt: monotonic() + freshMs })
    },
  }
}
