import { describe, expect, it } from 'vitest'
import { agencies } from './agencies.ts'
import { renderFamilies } from './exporter.ts'
import type { Series } from './series.ts'
import { demoTargets } from './targets.ts'

const origin = Date.UTC(2026, 9, 1) / 1000
const targets = demoTargets(origin)
const all = targets.flatMap(({ families, labels }) =>
  families.flatMap((family) =>
    family.series.map((series) => ({ ...series, type: family.type, target: labels })),
  ),
)
const counters = all.filter(({ type, name }) => type === 'counter' || /_(bucket|count|sum)$/.test(name))
const find = (name: string, labels: Record<string, string>): Series[] =>
  all.filter(
    (series) => series.name === name && Object.entries(labels).every(([k, v]) => series.labels[k] === v),
  )

describe('the demo agencies', () => {
  it('are three with two teams each, and every distribution adds up to one', () => {
    expect(agencies.map(({ tenant, teams }) => [tenant, teams.length])).toEqual([
      ['transport', 2],
      ['health', 2],
      ['revenue', 2],
    ])
    const features = agencies.flatMap(({ teams }) =>
      teams.flatMap(({ models }) =>
        [...models.prod, ...models.experiment].flatMap((model) => model.features ?? []),
      ),
    )
    for (const { name, bins, baseline, drifted = baseline } of features) {
      expect([baseline.length, drifted.length], name).toEqual([bins.length, bins.length])
      expect(
        baseline.reduce((a, b) => a + b),
        name,
      ).toBeCloseTo(1)
      expect(
        drifted.reduce((a, b) => a + b),
        name,
      ).toBeCloseTo(1)
    }
  })
})

describe('demoTargets', () => {
  it('gives some hundred series, each once', () => {
    const ids = all.map(({ name, labels, target }) => JSON.stringify([name, labels, target]))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThanOrEqual(600)
    expect(ids.length).toBeLessThanOrEqual(900)
  })

  it('never lets a counter fall, over its rollout and drift and into the future', () => {
    for (const { name, labels, valueAt } of counters) {
      let last = 0
      for (
        let time = origin - 26 * 3_600;
        time < origin + 90 * 86_400;
        time += time < origin ? 901 : 86_399
      ) {
        const value = valueAt(time)
        expect(value, `${name} ${JSON.stringify(labels)}`).toBeGreaterThanOrEqual(last)
        last = value
      }
    }
  })

  it('keeps histogram buckets cumulative and the last one equal to the count', () => {
    for (const series of all.filter(({ name }) => name === 'ml_prediction_duration_seconds_count')) {
      const model = String(series.labels['model'])
      const buckets = find('ml_prediction_duration_seconds_bucket', { model })
      for (const time of [origin - 7_200, origin - 9_000.5, origin + 12_345.6]) {
        const values = buckets.map(({ valueAt }) => valueAt(time))
        expect(values).toEqual(values.toSorted((a, b) => a - b))
        expect(values.at(-1)).toBe(series.valueAt(time))
      }
    }
  })

  it('moves one feature away from its baseline', () => {
    const share = (from: number, to: number, bin: string): number => {
      const seen = (of: Series[]): number =>
        of.reduce((sum, { valueAt }) => sum + valueAt(to) - valueAt(from), 0)
      const labels = { model: 'triage-priority', feature: 'age' }
      return (
        seen(find('ml_feature_observations_total', { ...labels, bin })) /
        seen(find('ml_feature_observations_total', labels))
      )
    }
    expect(share(origin - 86_400, origin - 50_400, '65..80')).toBeCloseTo(0.19, 2)
    expect(share(origin - 14_400, origin, '65..80')).toBeCloseTo(0.36, 2)
  })
})

describe('renderFamilies', () => {
  it('writes the text format with the values of that time', () => {
    const text = renderFamilies(targets[0]?.families ?? [], origin)
    const [one] = find('ml_predictions_total', {
      model: 'signal-timing',
      model_version: '1.4.2',
      outcome: 'favourable',
    })
    expect(text).toContain(
      `ml_predictions_total{model="signal-timing",model_version="1.4.2",outcome="favourable"} ${one?.valueAt(origin)}\n`,
    )
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) .+|# EOF|[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+( # \{trace_id="[0-9a-f]{8}"\} [0-9.e-]+ \d+)?)$/,
      )
    // One block a metric: the format asks for it.
    const typed = text.match(/^# TYPE \S+/gm)
    expect(new Set(typed).size).toBe(typed?.length)
  })
})
