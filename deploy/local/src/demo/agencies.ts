/** A feature whose values are counted in exclusive bins. */
export interface Feature {
  readonly name: string
  readonly bins: readonly string[]
  /** Distribution over the bins at training time. */
  readonly baseline: readonly number[]
  /** Distribution it has been moving to since some hours; absent: it stays as trained. */
  readonly drifted?: readonly number[]
}

/** A model that a team serves. */
export interface Model {
  readonly name: string
  /** Predictions per second, on average. */
  readonly rate: number
  /** Median and spread (sigma of the logarithm) of the prediction time, seconds. */
  readonly median: number
  readonly spread: number
  readonly features?: readonly Feature[]
  /** Error rate by group, for models that get labels. */
  readonly errorRatios?: Readonly<Record<string, number>>
  /** True when a second version took over some hours ago. */
  readonly rolledOut?: boolean
  /** True when predictions have become slow in the last hours. */
  readonly slowed?: boolean
}

export type Environment = 'prod' | 'experiment'

export interface Team {
  readonly name: string
  readonly models: Readonly<Record<Environment, readonly Model[]>>
}

/** An agency: an org that owns one tenant of the same name. */
export interface Agency {
  readonly tenant: string
  readonly teams: readonly Team[]
}

const groups = (young: number, middle: number, old: number) => ({
  'under-30': young,
  '30-59': middle,
  '60-plus': old,
})
const numeric = (name: string, edges: readonly number[], baseline: readonly number[]): Feature => ({
  name,
  bins: [
    ...edges.map((edge, i) => (i === 0 ? `..${edge}` : `${edges[i - 1]}..${edge}`)),
    `${edges.at(-1)}..`,
    '__missing__',
  ],
  baseline,
})

const vehicles = numeric('vehicles_per_minute', [5, 15, 30, 60], [0.14, 0.26, 0.31, 0.2, 0.08, 0.01])
const speed = numeric('mean_speed_kmh', [10, 30, 50, 80], [0.08, 0.27, 0.4, 0.2, 0.04, 0.01])
const age = numeric('age', [18, 40, 65, 80], [0.12, 0.28, 0.33, 0.19, 0.07, 0.01])
const heartRate = numeric('heart_rate', [60, 80, 100, 120], [0.12, 0.42, 0.3, 0.11, 0.04, 0.01])
const dose = numeric('dose_msv', [0.1, 1, 5, 10], [0.3, 0.35, 0.25, 0.07, 0.02, 0.01])
const amount = numeric('amount_eur', [50, 200, 1000, 5000], [0.34, 0.3, 0.22, 0.1, 0.03, 0.01])
const income = numeric('income_eur', [1000, 2000, 3500, 6000], [0.12, 0.27, 0.34, 0.19, 0.06, 0.02])
const accountAge = numeric('account_age_days', [30, 180, 365, 1825], [0.08, 0.17, 0.2, 0.33, 0.21, 0.01])

/** The six-team world of the demo: what each team serves in production and in experiments. */
export const agencies: readonly Agency[] = [
  {
    tenant: 'transport',
    teams: [
      {
        name: 'signals',
        models: {
          prod: [
            {
              name: 'signal-timing',
              rate: 9,
              median: 0.04,
              spread: 0.6,
              features: [vehicles, speed],
              errorRatios: groups(0.031, 0.029, 0.033),
              rolledOut: true,
            },
            { name: 'incident-detector', rate: 2.4, median: 0.12, spread: 0.5 },
          ],
          experiment: [
            {
              name: 'signal-timing-rl',
              rate: 0.8,
              median: 0.09,
              spread: 0.8,
              features: [vehicles],
              errorRatios: groups(0.024, 0.026, 0.027),
            },
          ],
        },
      },
      {
        name: 'roads',
        models: {
          prod: [
            {
              name: 'congestion-forecast',
              rate: 4,
              median: 0.15,
              spread: 0.5,
              // Road works: slower traffic than in training, not yet enough for an alert.
              features: [{ ...speed, drifted: [0.14, 0.33, 0.34, 0.15, 0.03, 0.01] }, vehicles],
              errorRatios: groups(0.11, 0.1, 0.12),
            },
            { name: 'pothole-vision', rate: 0.7, median: 0.6, spread: 0.4 },
          ],
          experiment: [
            {
              name: 'congestion-gnn',
              rate: 0.4,
              median: 0.4,
              spread: 0.7,
              features: [speed],
              errorRatios: groups(0.08, 0.07, 0.075),
            },
          ],
        },
      },
    ],
  },
  {
    tenant: 'health',
    teams: [
      {
        name: 'triage',
        models: {
          prod: [
            {
              name: 'triage-priority',
              rate: 3,
              median: 0.07,
              spread: 0.5,
              // An ambulance service for the elderly joined: older patients than the model was trained on.
              features: [{ ...age, drifted: [0.04, 0.11, 0.24, 0.36, 0.24, 0.01] }, heartRate],
              errorRatios: groups(0.041, 0.044, 0.079),
              rolledOut: true,
            },
            { name: 'sepsis-alert', rate: 1.1, median: 0.2, spread: 0.4 },
          ],
          experiment: [
            {
              name: 'triage-llm',
              rate: 0.3,
              median: 1.4,
              spread: 0.6,
              features: [age],
              errorRatios: groups(0.038, 0.037, 0.042),
            },
          ],
        },
      },
      {
        name: 'imaging',
        models: {
          prod: [
            {
              name: 'xray-findings',
              rate: 1.2,
              median: 0.5,
              spread: 0.4,
              features: [dose, age],
              errorRatios: groups(0.06, 0.055, 0.062),
              slowed: true,
            },
            { name: 'ct-dose', rate: 0.5, median: 0.25, spread: 0.4 },
          ],
          experiment: [
            {
              name: 'xray-transformer',
              rate: 0.2,
              median: 0.9,
              spread: 0.5,
              features: [dose],
              errorRatios: groups(0.05, 0.045, 0.05),
            },
          ],
        },
      },
    ],
  },
  {
    tenant: 'revenue',
    teams: [
      {
        name: 'fraud',
        models: {
          prod: [
            {
              name: 'vat-fraud',
              rate: 6,
              median: 0.03,
              spread: 0.5,
              features: [amount, accountAge],
              errorRatios: groups(0.022, 0.02, 0.021),
              rolledOut: true,
            },
            { name: 'refund-fraud', rate: 1.8, median: 0.05, spread: 0.5 },
          ],
          experiment: [
            {
              name: 'vat-fraud-graph',
              rate: 0.5,
              median: 0.35,
              spread: 0.7,
              features: [amount],
              errorRatios: groups(0.018, 0.017, 0.018),
            },
          ],
        },
      },
      {
        name: 'credit',
        models: {
          prod: [
            {
              name: 'credit-risk',
              rate: 2.2,
              median: 0.06,
              spread: 0.5,
              features: [{ ...income, drifted: [0.22, 0.33, 0.28, 0.11, 0.04, 0.02] }, accountAge],
              errorRatios: groups(0.085, 0.052, 0.055),
            },
            { name: 'arrears-forecast', rate: 0.6, median: 0.3, spread: 0.5 },
          ],
          experiment: [
            {
              name: 'credit-risk-boosted',
              rate: 0.3,
              median: 0.08,
              spread: 0.6,
              features: [income],
              errorRatios: groups(0.07, 0.048, 0.051),
            },
          ],
        },
      },
    ],
  },
]
