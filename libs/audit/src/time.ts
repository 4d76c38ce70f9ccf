/** RFC 3339 UTC with microseconds of a time in (fractional) milliseconds since the epoch. */
export function eventTime(epochMs: number): string {
  const whole = Math.floor(epochMs)
  const micros = Math.min(999, Math.floor((epochMs - whole) * 1000))
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`
}

/** UUID version 7 (RFC 9562) of a time: the millisecond clock over the random bits of a version 4 UUID. */
export function uuidV7(epochMs: number, uuidV4: string): string {
  const time = Math.floor(epochMs).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuidV4.slice(15)}`
}
