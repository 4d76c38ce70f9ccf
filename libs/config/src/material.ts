import { readFileSync, statSync } from 'node:fs'

/** What is made of files, made anew when one of them changes. */
export interface Material<T> {
  /** The present one. Files are looked at once a second at most. */
  current(): T
}

const lookEveryMs = 1_000

function stateOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const { mtimeMs, size, ino } = statSync(file)
      return `${mtimeMs} ${size} ${ino}`
    })
    .join(' ')
}

/**
 * Makes something of files, such as a TLS context of a certificate and its key. While changed files cannot be read or used, the last
 * good one stays in force and `onError` is told once.
 * @throws Error naming the files if they cannot be read or used now.
 */
export function createMaterial<T>(
  files: readonly string[],
  make: (contents: readonly string[]) => T,
  onError: (error: Error) => void,
): Material<T> {
  const load = (): T => {
    try {
      return make(files.map((file) => readFileSync(file, 'utf8')))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`${files.join(', ')}: ${message}`, { cause: error })
    }
  }
  let value = load()
  let state = files.length === 0 ? '' : stateOf(files)
  let lookAt = performance.now() + lookEveryMs
  let reported = ''
  const look = (): void => {
    try {
      const now = stateOf(files)
      if (now === state) return
      value = load()
      state = now
      reported = ''
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      if (failure.message !== reported) onError(failure)
      reported = failure.message
    }
  }
  return {
    current() {
      if (files.length > 0 && performance.now() >= lookAt) {
        lookAt = performance.now() + lookEveryMs
        look()
      }
      return value
    },
  }
}
