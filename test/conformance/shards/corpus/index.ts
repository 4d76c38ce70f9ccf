import type { PrometheusVersion } from '@gatehouse/local'
import { aggregations } from './aggregations.ts'
import type { Entry } from './entry.ts'
import { functions } from './functions.ts'
import { histograms } from './histograms.ts'
import { operators } from './operators.ts'
import { random } from './random.ts'
import { rangeFunctions } from './ranges.ts'
import { selectors } from './selectors.ts'

export type { Entry } from './entry.ts'

/** Every expression of the corpus, each once. */
export const corpus: readonly Entry[] = [
  ...new Map(
    [
      ...selectors,
      ...functions,
      ...rangeFunctions,
      ...aggregations,
      ...operators,
      ...histograms,
      ...random,
    ].map((entry) => [`${entry.query}\n${entry.ordered === true}`, entry]),
  ).values(),
]

/** The expressions that a version of Prometheus has. */
export function corpusOf(version: PrometheusVersion): readonly Entry[] {
  return corpus.filter((entry) => entry.only === undefined || entry.only === version)
}
