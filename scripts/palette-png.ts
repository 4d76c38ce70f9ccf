// Makes a screenshot small: 256 colours are enough for a page of text and lines.
import { deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])

interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green, blue for each pixel. */
  readonly rgb: Buffer
}

function crc32(data: Buffer): number {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, corner)
    default:
      return 0
  }
}

/** Undoes the filter of each row (PNG specification, 9.2). */
function unfilter(data: Buffer, rows: number, stride: number, size: number): Buffer {
  const out = Buffer.alloc(rows * stride)
  for (let y = 0; y < rows; y++) {
    const filter = data[y * (stride + 1)] ?? 0
    const [row, above] = [y * stride, (y - 1) * stride]
    for (let x = 0; x < stride; x++) {
      const left = x >= size ? (out[row + x - size] ?? 0) : 0
      const up = y > 0 ? (out[above + x] ?? 0) : 0
      const corner = x >= size && y > 0 ? (out[above + x - size] ?? 0) : 0
      out[row + x] = ((data[y * (stride + 1) + 1 + x] ?? 0) + predicted(filter, left, up, corner)) & 255
    }
  }
  return out
}

/** Reads what Chromium writes: 8 bits, RGB or RGBA, not interlaced. */
function decode(png: Buffer): Pixels {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const size = png[25] === 6 ? 4 : 3
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const data = unfilter(inflateSync(Buffer.concat(parts)), height, width * size, size)
  if (size === 3) return { width, height, rgb: data }
  const rgb = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i++) data.copy(rgb, i * 3, i * 4, i * 4 + 3)
  return { width, height, rgb }
}

function distance(a: number, b: number): number {
  const part = (shift: number): number => ((a >> shift) & 255) - ((b >> shift) & 255)
  return part(16) ** 2 + part(8) ** 2 + part(0) ** 2
}

/** The most frequent colours, and for each colour the one of them that is nearest. */
function quantise({ rgb }: Pixels): { palette: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>()
  for (let i = 0; i < rgb.length; i += 3) {
    const colour = rgb.readUIntBE(i, 3)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const byCount = [...counts].toSorted((a, b) => b[1] - a[1]).map(([colour]) => colour)
  const palette = byCount.slice(0, 256)
  const indexOf = new Map(palette.map((colour, i) => [colour, i]))
  for (const colour of byCount.slice(256)) {
    let best = 0
    for (let i = 1; i < palette.length; i++)
      if (distance(colour, palette[i] ?? 0) < distance(colour, palette[best] ?? 0)) best = i
    indexOf.set(colour, best)
  }
  return { palette, indexOf }
}

/** The same picture with a palette of at most 256 colours. */
export function toPalette(png: Buffer): Buffer {
  const pixels = decode(png)
  const { width, height, rgb } = pixels
  const { palette, indexOf } = quantise(pixels)
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (width + 1) + 1 + x] = indexOf.get(rgb.readUIntBE((y * width + x) * 3, 3)) ?? 0
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.alloc(palette.length * 3)
  palette.forEach((colour, i) => colours.writeUIntBE(colour, i * 3, 3))
  const data = deflateSync(rows, { level: 9, memLevel: 9 })
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
