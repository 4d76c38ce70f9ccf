/** One thing that happened, kept beside the samples as an exemplar. */
export interface Observation {
  /** Unix seconds. */
  readonly at: number
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

/** One series of the demo: what the exporter says about it and its value at any time. */
export interface Series {
  readonly name: string
  /** Labels the application gives; tenant, team and env are added at scrape. */
  readonly labels: Readonly<Record<string, string>>
  /** Value at a time (Unix seconds). */
  readonly valueAt: (time: number) => number
  /** The newest observation at a time, if it was counted in this series. */
  readonly exemplarAt?: ((time: number) => Observation | undefined) | undefined
}

/** Series of one metric family. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly series: readonly Series[]
}
