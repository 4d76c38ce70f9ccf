import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditRecord, verifyChain } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listSegments, segmentPath } from './segment.ts'
import { sha256 } from './sha256.ts'
import { Spool, type SpoolOptions } from './spool.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-spool-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

const open = (options: Partial<SpoolOptions> = {}): Promise<Spool> =>
  Spool.open({ dir, writerId: 'gw-1', ...options })

function lines(folder: string): string[] {
  return listSegments(folder).flatMap((segment) =>
    readFileSync(segmentPath(folder, segment), 'utf8').split('\n').slice(0, -1),
  )
}

function records(spool: Spool, org: string | null = 'transport'): AuditRecord[] {
  return lines(spool.dir)
    .filter((line) => line.startsWith('{"hash"'))
    .map((line) => ({ writer: spool.writer, ...JSON.parse(line) }))
    .filter((record) => record.org === org)
}

function expectWhole(spool: Spool, count: number): void {
  const result = verifyChain({ writer: spool.writer, org: 'transport' }, records(spool), { sha256 })
  expect(result).toMatchObject({ head: { seq: count }, finding: undefined })
}

async function fill(spool: Spool, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await spool.append(sampleEvent(i))
}

const lastSegment = (spool: Spool): string => segmentPath(spool.dir, listSegments(spool.dir).at(-1) ?? 0)
const codesOf = (spool: Spool): string[] =>
  records(spool, null).map(({ event }) => JSON.parse(JSON.stringify(event)).code)

describe('a spool', () => {
  it.each(['write', 'fsync'] as const)('commits many events with few writes at level %s', async (level) => {
    const spool = await open({ level })
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 200 }, (_, i) => spool.append(sampleEvent(i))))
    expect(spool.stats()).toMatchObject({ appended: 1_000, refused: 0 })
    expect(spool.stats().flushes).toBeLessThan(50)
    expectWhole(spool, 1_000)
    await spool.close()
  })

  it('has an event on disk when it says so', async () => {
    const spool = await open()
    for (let i = 1; i <= 20; i++) {
      await spool.append(sampleEvent(i))
      expect(records(spool)).toHaveLength(i)
    }
    await spool.close()
  })

  it('begins new segments without breaking a chain', async () => {
    const spool = await open({ segmentBytes: 5_000 })
    await fill(spool, 50)
    expect(listSegments(spool.dir).length).toBeGreaterThan(10)
    expectWhole(spool, 50)
    await spool.close()
    const again = await open({ segmentBytes: 5_000 })
    await fill(again, 10)
    expectWhole(again, 60)
    await again.close()
  })

  it('fills segments also where its bound is beyond 2 GiB', async () => {
    const spool = await open({ maxBytes: 4_000_000_000 })
    await fill(spool, 10)
    expect(listSegments(spool.dir)).toHaveLength(1)
    await spool.close()
  })

  it('keeps the identity of an actor once, before its first event', async () => {
    const spool = await open()
    await Promise.all(Array.from({ length: 10 }, (_, i) => spool.append(sampleEvent(i))))
    await fill(spool, 10)
    const identities = lines(spool.dir).filter((line) => line.startsWith('{"identity"'))
    expect(identities).toHaveLength(1)
    expect(identities[0]).toContain('Ada Lovelace')
    expect(JSON.stringify(records(spool))).not.toContain('Ada Lovelace')
    spool.forget(new Set(spool.refs()))
    await spool.append(sampleEvent(99))
    expect(lines(spool.dir).filter((line) => line.startsWith('{"identity"'))).toHaveLength(2)
    await spool.close()
  })

  it('refuses when it is full, takes events again when there is room, and says what was refused', async () => {
    const spool = await open({ maxBytes: 60_000, segmentBytes: 10_000 })
    await expect(fill(spool, 100)).rejects.toMatchObject({ code: 'audit_unavailable', status: 503 })
    await expect(spool.append(sampleEvent(1))).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(spool.stats()).toMatchObject({ refused: 2, refusing: 'the spool is full' })
    expect(spool.stats().spoolBytes).toBeLessThanOrEqual(60_000)
    const held = records(spool).length
    spool.release(20_000)
    await spool.append(sampleEvent(1))
    expect(spool.stats().refusing).toBeUndefined()
    expectWhole(spool, held + 1)
    const gap = records(spool, null).at(-1)
    expect(gap?.event).toMatchObject({ code: 'S007W', detail: { refused: 2, reason: 'the spool is full' } })
    await spool.close()
  })

  it('takes events again by itself once there is room: nobody asks a process that is not ready', async () => {
    const spool = await open({ maxBytes: 60_000, segmentBytes: 10_000 })
    await expect(fill(spool, 100)).rejects.toMatchObject({ code: 'audit_unavailable' })
    spool.release(40_000)
    await expect.poll(() => spool.stats().refusing, { timeout: 5_000 }).toBeUndefined()
    expect(records(spool, null).at(-1)?.event).toMatchObject({ code: 'S007W' })
    await spool.close()
  })

  it('refuses after it was closed', async () => {
    const spool = await open()
    await spool.close()
    await expect(spool.append(sampleEvent())).rejects.toMatchObject({ code: 'audit_unavailable' })
  })

  it.each(['', '../x', 'a/b', '.'])('refuses the writer name %j', async (writerId) => {
    await expect(open({ writerId })).rejects.toThrow(TypeError)
  })
})

describe('recovering a spool', () => {
  async function left(count: number): Promise<Spool> {
    const spool = await open()
    await fill(spool, count)
    await spool.close()
    return spool
  }

  it('cuts off a line that was never finished', async () => {
    const before = await left(5)
    appendFileSync(lastSegment(before), '{"hash":"00","org":"transport","prev":"')
    const spool = await open()
    await fill(spool, 2)
    expectWhole(spool, 7)
    expect(codesOf(spool)).toEqual(['S005I'])
    await spool.close()
  })

  it('goes on from the segment before one whose header was never finished', async () => {
    const before = await left(5)
    writeFileSync(segmentPath(before.dir, 2), '{"spool":1,"wri')
    const spool = await open()
    await fill(spool, 1)
    expect(spool.writer).toBe(before.writer)
    expectWhole(spool, 6)
    await spool.close()
  })

  it('sets a damaged segment aside and says so', async () => {
    const before = await left(5)
    const text = readFileSync(lastSegment(before), 'utf8').split('\n')
    const middle = 5
    text[middle] = (text[middle] ?? '').replace('rate', 'RATE')
    writeFileSync(lastSegment(before), text.join('\n'))
    const spool = await open()
    await fill(spool, 1)
    expectWhole(spool, records(spool).length)
    expect(records(spool).length).toBeLessThan(6)
    expect(codesOf(spool)).toEqual(['S006E'])
    expect(readdirSync(spool.dir)).toContain('damaged-1.ndjson')
    await spool.close()
  })

  it('begins new chains when the folder was lost, never a fork of the old ones', async () => {
    const before = await left(3)
    rmSync(before.dir, { recursive: true })
    const spool = await open()
    expect(spool.writer).not.toBe(before.writer)
    await fill(spool, 1)
    expectWhole(spool, 1)
    await spool.close()
  })

  it.each(Array.from({ length: 40 }, (_, i) => i))('survives a cut at any byte (%i)', async (n) => {
    const before = await left(4)
    const bytes = readFileSync(lastSegment(before))
    const size = Math.floor((bytes.length * n) / 40)
    writeFileSync(lastSegment(before), bytes.subarray(0, size))
    const whole = bytes.subarray(0, size).toString().split('\n').slice(0, -1)
    const kept = whole.filter((line) => line.startsWith('{"hash"')).length
    const spool = await open()
    await fill(spool, 1)
    expectWhole(spool, kept + 1)
    await spool.close()
  })
})
