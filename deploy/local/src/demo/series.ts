/** One series of the demo: what the exporter says about it and its value at any time. */
export interface Series {
  readonly name: string
  /** Labels the application gives; tenant, team and env are added at scrape. */
  readonly labels: Readonly<Record<string, string>>
  /** Value at a time (Unix seconds). */
  readonly valueAt: (time: number) => number
}

/** Series of one metric family. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly series: readonly Series[]
}
