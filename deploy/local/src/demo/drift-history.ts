import type { Series } from './series.ts'
import type { Target } from './targets.ts'
import { day } from './wave.ts'

// As the recording rules: a bin that is empty on one side counts as this much.
const least = 1e-4

interface Bin {
  readonly seen: (time: number) => number
  readonly trained: number
}

/** Population stability index of the day before `time` against the training data. */
function stabilityIndex(bins: readonly Bin[], time: number): number {
  const counts = bins.map(({ seen }) => seen(time) - seen(time - day))
  const total = counts.reduce((sum, count) => sum + count, 0)
  return bins.reduce((sum, { trained }, i) => {
    const p = Math.max((counts[i] ?? 0) / total, least)
    const q = Math.max(trained, least)
    return sum + (p - q) * Math.log(p / q)
  }, 0)
}

/**
 * What the rule `ml:feature_drift:psi1d` would have recorded: rules record nothing for the time before they exist, and a chart of drift
 * is of use over a day.
 */
export function driftHistory({ families, labels }: Target): Series[] {
  const seriesOf = (name: string): readonly Series[] =>
    families.find((family) => family.name === name)?.series ?? []
  const byFeature = new Map<string, { labels: Series['labels']; bins: Bin[] }>()
  const baseline = seriesOf('ml_feature_baseline_ratio')
  for (const { labels: own, valueAt: seen } of seriesOf('ml_feature_observations_total')) {
    const { model = '', feature = '', bin } = own
    const key = JSON.stringify([model, feature])
    const known = byFeature.get(key) ?? { labels: { model, feature }, bins: [] }
    byFeature.set(key, known)
    const trained = baseline.find(
      (one) =>
        one.labels['model'] === model && one.labels['feature'] === feature && one.labels['bin'] === bin,
    )
    known.bins.push({ seen, trained: trained?.valueAt(0) ?? 0 })
  }
  const { tenant = '', team = '', env = '' } = labels
  return [...byFeature.values()].map(({ labels: own, bins }) => ({
    name: 'ml:feature_drift:psi1d',
    labels: { ...own, tenant, team, env },
    valueAt: (time) => stabilityIndex(bins, time),
  }))
}
