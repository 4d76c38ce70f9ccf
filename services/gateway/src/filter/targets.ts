import type { Labelled } from '@gatehouse/query'
import { listIn, textIn, textsIn, numberIn } from './json.ts'

/**
 * The data of `targets` from those of the shards: scraped targets whose labels are admitted, without addresses, labels from discovery
 * and error texts. The scrape pool is told by the `job` label, which is its default; dropped targets belong to nobody.
 * @param pool The one scrape pool wanted, by the name it is told by; empty for all.
 */
export function targetsData(
  answers: readonly unknown[],
  admits: (labels: Labelled) => boolean,
  pool: string,
): object {
  const activeTargets = answers
    .flatMap((data) => listIn(data, 'activeTargets'))
    .flatMap((target) => {
      const labels = textsIn(target, 'labels')
      if (labels === undefined || !admits(labels)) return []
      const scrapePool = textIn(labels, 'job')
      if (pool !== '' && pool !== scrapePool) return []
      return [
        {
          discoveredLabels: {},
          labels,
          scrapePool,
          scrapeUrl: '',
          globalUrl: '',
          lastError: '',
          lastScrape: textIn(target, 'lastScrape'),
          lastScrapeDuration: numberIn(target, 'lastScrapeDuration'),
          health: textIn(target, 'health'),
          scrapeInterval: textIn(target, 'scrapeInterval'),
          scrapeTimeout: textIn(target, 'scrapeTimeout'),
        },
      ]
    })
  return { activeTargets, droppedTargets: [] }
}
