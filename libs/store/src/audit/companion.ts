/** A line that goes into the spool once, before the first event that refers to it. */
export interface Companion {
  /** One JSON object. */
  readonly line: string
  isWritten: boolean
}
