import { GatehouseError } from '@gatehouse/errors'
import { labelsKey } from './labels.ts'
import type { Histogram, Labels, Series } from './model.ts'

/** What Prometheus answers when a step that drops or rewrites labels makes two series equal. */
export function sameLabelset(): GatehouseError {
  return new GatehouseError('execution', 'vector cannot contain metrics with the same labelset')
}

/** A series under construction: an accumulator of samples on a grid. */
export interface MutableSeries extends Series {
  histograms: (Histogram | undefined)[] | undefined
}

export function emptySeries(labels: Labels, count: number): MutableSeries {
  return { labels, values: new Float64Array(count), present: new Uint8Array(count), histograms: undefined }
}

export function setFloat(series: MutableSeries, i: number, value: number): void {
  series.values[i] = value
  series.present[i] = 1
}

export function hasSamples(series: Series): boolean {
  return series.present.includes(1)
}

/** Copies a sample, float or histogram. */
export function copySample(
  { from, to }: { from: Series; to: MutableSeries },
  i: number,
  target: number = i,
): void {
  to.values[target] = from.values[i] ?? 0
  to.present[target] = 1
  const histogram = from.histograms?.[i]
  if (histogram !== undefined) {
    to.histograms ??= []
    to.histograms[target] = histogram
  }
}

/**
 * Joins series of equal labels into one.
 * @throws GatehouseError `execution` when two of them have a sample at the same time, or, if `strict`, at all.
 */
export function joinEqual(list: readonly Series[], strict: boolean): Series[] {
  const byKey = new Map<string, Series>()
  for (const series of list) {
    if (!hasSamples(series)) continue
    const key = labelsKey(series.labels)
    const earlier = byKey.get(key)
    if (earlier !== undefined && strict) throw sameLabelset()
    byKey.set(key, earlier === undefined ? series : joinPair(earlier, series))
  }
  return [...byKey.values()]
}

function joinPair(a: Series, b: Series): Series {
  const joined: MutableSeries = {
    labels: a.labels,
    values: a.values.slice(),
    present: a.present.slice(),
    histograms: a.histograms === undefined ? undefined : [...a.histograms],
  }
  for (let i = 0; i < b.present.length; i++) {
    if (b.present[i] !== 1) continue
    if (joined.present[i] === 1) throw sameLabelset()
    copySample({ from: b, to: joined }, i)
  }
  return joined
}

/** Maps every float of a series; histogram samples are dropped, as Prometheus's float functions do. */
export function mapFloats(series: Series, labels: Labels, f: (value: number, i: number) => number): Series {
  const mapped = emptySeries(labels, series.values.length)
  for (let i = 0; i < series.values.length; i++) {
    if (series.present[i] === 1 && series.histograms?.[i] === undefined) {
      setFloat(mapped, i, f(series.values[i] ?? 0, i))
    }
  }
  return mapped
}

/** Keeps the samples of a series for which `keep` holds. */
export function filterSamples(series: Series, keep: (i: number) => boolean): Series {
  const kept = emptySeries(series.labels, series.values.length)
  for (let i = 0; i < series.values.length; i++) {
    if (series.present[i] === 1 && keep(i)) copySample({ from: series, to: kept }, i)
  }
  return kept
}

export function hasHistograms(list: readonly { readonly histograms: unknown }[]): boolean {
  return list.some((item) => item.histograms !== undefined)
}
