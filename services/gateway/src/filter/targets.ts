import type { Labelled } from '@gatehouse/query'
import { listIn, textIn, textsIn, numberIn } from './json.ts'

/**
 * The data of `targets` from those of the shards: scraped targets whose labels are admitted, without addresses, labels from discovery
 * and error texts. The scrape pool is told by the `job` label, which is its default; dropped targets belong to nobody.
 */
export function targetsData(answers: readonly unknown[], admits: (labels: Labelled) => boolean): object {
  const activeTargets = answers
    .flatMap((data) => listIn(data, 'activeTargets'))
    .flatMap((target) => {
      const labels = textsIn(target, 'labels')
      if (labels === undefined || !admits(labels)) return []
      return [
        {
          discoveredLabels: {},
          labels,
          scrapePool: textIn(labels, 'job'),
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
