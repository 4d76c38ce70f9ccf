/** Tells on the terminal how the start goes. */
export interface Progress {
  /** Runs one step and tells how long it took. */
  step<T>(title: string, run: () => Promise<T>): Promise<T>
  /** Tells something in passing. */
  note(text: string): void
}

/** Seconds for people: `0.8 s`, `12 s`. */
export function seconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}

/** Writes one line a finished step. */
export function createProgress(write: (line: string) => void): Progress {
  return {
    note: (text) => write(`  ${text}`),
    async step(title, run) {
      const started = performance.now()
      const result = await run()
      write(`  ${title.padEnd(52)} ${seconds(performance.now() - started).padStart(7)}`)
      return result
    },
  }
}
