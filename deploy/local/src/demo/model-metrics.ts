import type { Environment, Feature, Model } from './agencies.ts'
import { createObservations } from './observations.ts'
import type { Family, Series } from './series.ts'
import { countShare, createWave, day, fraction, type Step, type Wave } from './wave.ts'

const hour = 3_600

// Prometheus 3 writes whole numbers in `le` as "1.0"; so do we, and 2.x stores the same.
const edges = ['0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1.0', '2.5', '+Inf']

interface Context {
  readonly model: Model
  readonly env: Environment
  /** When this demo was first started (Unix seconds); recent changes are placed relative to it. */
  readonly origin: number
  readonly wave: Wave
}

const always = (share: number): Step[] => [{ from: 0, share }]

/** A change in ten steps over `hours`, that began `ago` hours before the demo's first start. */
function gradually(from: number, to: number, at: { origin: number; ago: number; hours: number }): Step[] {
  const steps = 10
  const moved = Array.from({ length: steps }, (_, i) => ({
    from: at.origin - at.ago * hour + (i * at.hours * hour) / steps,
    share: from + ((to - from) * (i + 1)) / steps,
  }))
  return [...always(from), ...moved]
}

function versions({ model, env, origin }: Context): { version: string; steps: Step[]; trained: number }[] {
  const trained = (ago: number): number =>
    Math.floor((origin - (ago + 40 * fraction(model.name)) * day) / hour) * hour
  if (env === 'experiment') return [{ version: '0.3.0', steps: always(1), trained: trained(1) }]
  if (model.rolledOut !== true) return [{ version: '1.4.2', steps: always(1), trained: trained(50) }]
  const rollout = { origin, ago: 9, hours: 2 }
  return [
    { version: '1.4.2', steps: gradually(1, 0, rollout), trained: trained(50) },
    { version: '1.5.0', steps: gradually(0, 1, rollout), trained: trained(2) },
  ]
}

function predictions(context: Context): Family {
  const { model, wave } = context
  const favourable = 0.55 + 0.3 * fraction(`${model.name}/outcome`)
  const series = versions(context).flatMap(({ version, steps }) =>
    [
      { outcome: 'favourable', share: favourable },
      { outcome: 'unfavourable', share: 1 - favourable },
    ].map(({ outcome, share }) => ({
      name: 'ml_predictions_total',
      labels: { model: model.name, model_version: version, outcome },
      valueAt: countShare(
        wave,
        steps.map((step) => ({ from: step.from, share: step.share * share })),
      ),
    })),
  )
  return { name: 'ml_predictions_total', type: 'counter', help: 'Predictions made, by outcome.', series }
}

/** Distribution function of the standard normal (Abramowitz and Stegun 7.1.26, error < 1.5e-7). */
function normal(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const tail = (poly * Math.exp((-x * x) / 2)) / 2
  return x < 0 ? tail : 1 - tail
}

function durations({ model, origin, wave }: Context): Family {
  const name = 'ml_prediction_duration_seconds'
  const labels = { model: model.name }
  const slow = { origin, ago: 3, hours: 1 }
  const below = (edge: string, factor: number): number =>
    normal(Math.log(Number(edge) / (model.median * factor)) / model.spread)
  const change = (value: (factor: number) => number): Step[] =>
    model.slowed === true ? gradually(value(1), value(3), slow) : always(value(1))
  const mean = (factor: number): number => model.median * factor * Math.exp(model.spread ** 2 / 2)
  const milliseconds = countShare(
    wave,
    change((factor) => mean(factor) * 1000),
  )
  const count = countShare(wave, always(1))
  const factorAt = (time: number): number => (model.slowed === true && time > origin - 2 * hour ? 3 : 1)
  const observed = createObservations({
    model: model.name,
    median: model.median,
    spread: model.spread,
    factorAt,
  })
  const buckets: Series[] = edges.map((le, i) => {
    const [above, most] = [Number(edges[i - 1] ?? 0), le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)]
    const exemplarAt: Series['exemplarAt'] = (time) => {
      const seen = observed(time)
      return seen.value > above && seen.value <= most ? seen : undefined
    }
    const inBucket = countShare(
      wave,
      change((factor) => below(le, factor)),
    )
    // Sums of rounded parts may be off by one; a bucket must not exceed the count.
    const valueAt = le === '+Inf' ? count : (time: number): number => Math.min(inBucket(time), count(time))
    return { name: `${name}_bucket`, labels: { ...labels, le }, valueAt, exemplarAt }
  })
  const series = [
    ...buckets,
    { name: `${name}_sum`, labels, valueAt: (time: number) => milliseconds(time) / 1000 },
    { name: `${name}_count`, labels, valueAt: count },
  ]
  return { name, type: 'histogram', help: 'Time one prediction took.', series }
}

function observations({ model, origin, wave }: Context, features: readonly Feature[]): Family {
  const name = 'ml_feature_observations_total'
  const drift = { origin, ago: 14, hours: 6 }
  const series = features.flatMap(({ name: feature, bins, baseline, drifted }) =>
    bins.map((bin, i) => {
      const before = baseline[i] ?? 0
      const steps = drifted === undefined ? always(before) : gradually(before, drifted[i] ?? 0, drift)
      return { name, labels: { model: model.name, feature, bin }, valueAt: countShare(wave, steps) }
    }),
  )
  return { name, type: 'counter', help: 'Feature values seen, by exclusive bin.', series }
}

function baselines(context: Context, features: readonly Feature[]): Family[] {
  const model_version = versions(context).at(-1)?.version ?? ''
  const labels = { model: context.model.name, model_version }
  const ratio = 'ml_feature_baseline_ratio'
  const count = 'ml_feature_baseline_observations'
  const ratios = features.flatMap(({ name: feature, bins, baseline }) =>
    bins.map((bin, i) => ({
      name: ratio,
      labels: { ...labels, feature, bin },
      valueAt: () => baseline[i] ?? 0,
    })),
  )
  const counts = features.map(({ name: feature }) => ({
    name: count,
    labels: { ...labels, feature },
    valueAt: () => 250_000,
  }))
  return [
    { name: ratio, type: 'gauge', help: 'Share of each bin in the training data.', series: ratios },
    { name: count, type: 'gauge', help: 'Values in the training data.', series: counts },
  ]
}

function labelled({ model, wave }: Context, errorRatios: Readonly<Record<string, number>>): Family[] {
  const cases = 'ml_predictions_labelled_total'
  const errors = 'ml_prediction_errors_total'
  const groups = Object.entries(errorRatios)
  // A tenth of the predictions gets a label some day.
  const of = (name: string, share: (ratio: number) => number): Series[] =>
    groups.map(([group, ratio]) => ({
      name,
      labels: { model: model.name, attribute: 'age_group', group },
      valueAt: countShare(wave, always((0.1 * share(ratio)) / groups.length)),
    }))
  return [
    { name: cases, type: 'counter', help: 'Predictions whose truth is known.', series: of(cases, () => 1) },
    {
      name: errors,
      type: 'counter',
      help: 'Labelled predictions that were wrong.',
      series: of(errors, (ratio) => ratio),
    },
  ]
}

function facts(context: Context): Family[] {
  const model = context.model.name
  const info = 'ml_model_info'
  const trained = 'ml_model_trained_timestamp_seconds'
  const labels = 'ml_labels_last_timestamp_seconds'
  const quarter = 900
  const delay = 2 * hour * (1 + fraction(`${model}/delay`))
  const all = versions(context)
  const commitOf = (version: string): string =>
    Math.floor(fraction(`${model}@${version}`) * 0xfffffff)
      .toString(16)
      .padStart(7, '0')
  return [
    {
      name: info,
      type: 'gauge',
      help: 'Models loaded; always 1.',
      series: all.map(({ version }) => ({
        name: info,
        labels: {
          model,
          model_version: version,
          commit: commitOf(version),
          baseline_id: `${model}-${version}`,
        },
        valueAt: () => 1,
      })),
    },
    {
      name: trained,
      type: 'gauge',
      help: 'When the model was trained.',
      series: all.map((v) => ({
        name: trained,
        labels: { model, model_version: v.version },
        valueAt: () => v.trained,
      })),
    },
    {
      name: labels,
      type: 'gauge',
      help: 'Newest prediction whose truth is known.',
      series: [
        {
          name: labels,
          labels: { model },
          valueAt: (time) => Math.floor((time - delay) / quarter) * quarter,
        },
      ],
    },
  ]
}

/** Predictions a model has made at a time (Unix seconds), whatever their outcome. */
export function predictionWave(model: Model): Wave {
  return createWave(model.name, model.rate)
}

/** All metric families of one model. */
export function modelFamilies(model: Model, env: Environment, origin: number): Family[] {
  const context: Context = { model, env, origin, wave: predictionWave(model) }
  const { features = [], errorRatios } = model
  return [
    predictions(context),
    durations(context),
    ...(features.length > 0 ? [observations(context, features), ...baselines(context, features)] : []),
    ...(errorRatios === undefined ? [] : labelled(context, errorRatios)),
    ...facts(context),
  ]
}
