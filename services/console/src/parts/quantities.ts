/** Seconds in the unit that reads best: `0.4 ms`, `12 ms`, `3.4 s`; a dash where there are none. */
export function secondsText(seconds: number | null | undefined): string {
  if (seconds === undefined || seconds === null) return '–'
  const ms = seconds * 1_000
  if (ms < 0.1) return '<0.1 ms'
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
}

/** The same for milliseconds. */
export function durationText(ms: number | null | undefined): string {
  return secondsText(ms === null || ms === undefined ? ms : ms / 1_000)
}

/** `4 s`, `3 min`, `2 h`: how far something lags. */
export function lagText(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  return seconds < 3_600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes in the unit that reads best. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1_024 ** power
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`
}
