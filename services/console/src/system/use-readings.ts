import { useState } from 'react'
import { type Read, useRead } from '../api/use-api.ts'
import type { Reading } from './shard-rows.ts'
import { statusSchema, type SystemStatus } from './status.ts'

const most = 60

/** Reads the state every `every` seconds and keeps the last readings, to tell what happens now from what happened before. */
export function useReadings(every: number | undefined): {
  readonly read: Read<SystemStatus>
  readonly readings: readonly Reading[]
} {
  const read = useRead('/api/v1/system/status', statusSchema, {
    every: every === undefined ? undefined : every * 1_000,
  })
  const [readings, setReadings] = useState<readonly Reading[]>([])
  const { value } = read
  if (value !== undefined && readings.at(-1)?.status !== value)
    setReadings([...readings, { at: Date.parse(value.at), status: value }].slice(-most))
  return { read, readings }
}
