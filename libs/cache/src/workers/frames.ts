import type { Socket } from 'node:net'

/** A message between processes of one gateway: what it says, and bytes that are never encoded. */
export interface Frame {
  readonly head: unknown
  readonly body: Buffer | undefined
}

const prefixBytes = 8
/** Nothing a gateway holds is larger; what is, is no frame of ours. */
const maxFrameBytes = 536_870_912

/** Writes a frame: the lengths of both parts, the head as JSON, the body. */
export function writeFrame(socket: Socket, { head, body }: Frame): void {
  const text = Buffer.from(JSON.stringify(head))
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(text.length, 0)
  // One more than its length: 0 says that there is none.
  prefix.writeUInt32BE(body === undefined ? 0 : body.length + 1, 4)
  socket.cork()
  socket.write(Buffer.concat([prefix, text]))
  if (body !== undefined) socket.write(body)
  socket.uncork()
}

/** Reads frames off a socket, which is destroyed when it sends anything else. */
export function readFrames(socket: Socket, onFrame: (frame: Frame) => void): void {
  let chunks: Buffer[] = []
  let length = 0
  let wanted = prefixBytes
  const takeAll = (): void => {
    let bytes = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, length)
    wanted = prefixBytes
    while (bytes.length >= prefixBytes) {
      const headEnd = prefixBytes + bytes.readUInt32BE(0)
      const bodyLength = bytes.readUInt32BE(4)
      const end = headEnd + Math.max(0, bodyLength - 1)
      if (end > maxFrameBytes) return void socket.destroy(new Error('a frame is too large'))
      if (bytes.length < end) {
        wanted = end
        break
      }
      const head: unknown = JSON.parse(bytes.toString('utf8', prefixBytes, headEnd))
      onFrame({ head, body: bodyLength === 0 ? undefined : bytes.subarray(headEnd, end) })
      bytes = bytes.subarray(end)
    }
    chunks = bytes.length === 0 ? [] : [bytes]
    length = bytes.length
  }
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length >= wanted) takeAll()
  })
}
