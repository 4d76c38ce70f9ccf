import { expect, it } from 'vitest'
import { eventTime, uuidV7 } from './time.ts'

it('prints microseconds in UTC', () => {
  expect(eventTime(0)).toBe('1970-01-01T00:00:00.000000Z')
  expect(eventTime(1_750_000_000_123.456)).toBe('2025-06-15T15:06:40.123456Z')
})

it('makes UUIDs of version 7 that sort by time', () => {
  const id = uuidV7(1_750_000_000_123, 'ffffffff-ffff-4fff-bfff-ffffffffffff')
  expect(id).toBe('01977420-dc7b-7fff-bfff-ffffffffffff')
  expect(uuidV7(1_750_000_000_124, '00000000-0000-4000-8000-000000000000') > id).toBe(true)
})
