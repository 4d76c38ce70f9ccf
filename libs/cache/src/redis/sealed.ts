import { createHmac, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

/** What is stored in Redis: a body and the times it is about, ms since the epoch. */
export interface Sealed {
  readonly from: number
  readonly to: number
  /** When it was fetched. */
  readonly bornAt: number
  readonly body: Buffer
}

/** Turns entries into values that prove where they belong, and back. */
export interface Sealer {
  /** Name of a key in Redis. Made with the secret, so that names tell nothing about queries. */
  name(key: string): string
  seal(key: string, entry: Sealed): Promise<Buffer>
  /** Undefined unless the value was sealed for this very key with this secret. */
  open(key: string, value: Buffer): Promise<Sealed | undefined>
}

/** Grows with every change of the layout; values of another one are misses. */
const magic = Buffer.from('GH01')
const macBytes = 32
const keyBytes = 32
/** magic, MAC, flags, key, three times. */
const headBytes = magic.length + macBytes + 1 + keyBytes + 24
const signedFrom = magic.length + macBytes
const compressed = 1
const worthCompressing = 1_024
/** An entry may unpack to this much; what signs entries writes no larger ones. */
const maxBodyBytes = 67_108_864

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Creates a {@link Sealer}. Compression runs off the event loop. */
export function createSealer(secret: string, prefix: string): Sealer {
  // UTF-16, as UTF-8 would make one of all lone surrogates and so of different keys.
  const mac = (use: string, ...data: (string | Buffer)[]): Buffer => {
    const hmac = createHmac('sha256', secret).update(use)
    for (const part of data) hmac.update(typeof part === 'string' ? Buffer.from(part, 'utf16le') : part)
    return hmac.digest()
  }
  return {
    name: (key) => `${prefix}:${mac('name', key).toString('base64url')}`,
    async seal(key, { from, to, bornAt, body }) {
      const isLarge = body.length >= worthCompressing
      const payload = isLarge
        ? await compress(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
        : body
      const head = Buffer.alloc(headBytes)
      magic.copy(head)
      let at = head.writeUInt8(isLarge ? compressed : 0, signedFrom)
      at += mac('key', key).copy(head, at)
      for (const time of [from, to, bornAt]) at = head.writeDoubleBE(time, at)
      mac('entry', head.subarray(signedFrom), payload).copy(head, magic.length)
      return Buffer.concat([head, payload])
    },
    async open(key, value) {
      if (value.length < headBytes || !value.subarray(0, magic.length).equals(magic)) return undefined
      const signed = value.subarray(signedFrom)
      if (!timingSafeEqual(mac('entry', signed), value.subarray(magic.length, signedFrom))) return undefined
      if (!timingSafeEqual(mac('key', key), signed.subarray(1, 1 + keyBytes))) return undefined
      const [from, to, bornAt] = [0, 8, 16].map((i) => signed.readDoubleBE(1 + keyBytes + i))
      if (from === undefined || to === undefined || bornAt === undefined) return undefined
      const payload = value.subarray(headBytes)
      const isLarge = signed[0] === compressed
      const body = isLarge
        ? await decompress(payload, { maxOutputLength: maxBodyBytes })
        : Buffer.from(payload)
      return { from, to, bornAt, body }
    },
  }
}
