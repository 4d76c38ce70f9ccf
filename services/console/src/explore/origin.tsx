import { list } from '../parts/list.ts'
import type { Result } from './answers.ts'

const cacheWords: Readonly<Record<string, string>> = {
  hit: 'from the cache',
  extended: 'from the cache, its latest part fetched',
  miss: 'fetched, not yet in the cache',
  stale: 'from the cache, as the shards do not answer',
  follower: 'fetched together with another request for the same',
  bypass: 'fetched, as its kind is not cached',
}

/** What the cache did, in words; undefined if the answer does not say. */
export function cacheInWords(header: string | undefined): string | undefined {
  const word = /^[a-z]+/.exec(header ?? '')?.[0]
  return word === undefined ? undefined : (cacheWords[word] ?? word)
}

function seriesCount({ type, series }: Result): string {
  if (type === 'scalar' || type === 'string') return `1 ${type}`
  return series.length === 1 ? '1 series' : `${series.length} series`
}

/** Whether every shard that was asked answered, in words. */
export function completenessInWords({ asked, answered }: Result['origin']): string | undefined {
  if (asked === undefined || answered === undefined) return undefined
  if (asked === 0) return 'no shard had to be asked'
  if (answered < asked) return `incomplete: ${answered} of ${asked} shards answered`
  return asked === 1 ? 'complete: its one shard answered' : `complete: all ${asked} shards answered`
}

/** How many series, how long it took, and where they come from. */
export function Origin({ result, isRunning }: { readonly result: Result; readonly isRunning: boolean }) {
  const { origin, ms } = result
  const parts = [seriesCount(result), completenessInWords(origin), cacheInWords(origin.cache), `${ms} ms`]
  const isPartial = (origin.answered ?? 0) < (origin.asked ?? 0)
  return (
    <p className={isPartial ? 'notice notice-caution' : 'small muted origin'} role="status">
      {isRunning ? 'Running again… ' : ''}
      {parts.filter((part) => part !== undefined).join(' · ')}
      {origin.replicas.length > 0 && (
        <span title={origin.replicas.join(', ')}> · by {replicaNames(origin.replicas)}</span>
      )}
    </p>
  )
}

function replicaNames(replicas: readonly string[]): string {
  const names = replicas.map((one) => one.split('/').at(-1) ?? one)
  return names.length > 3 ? `${names.length} replicas` : list(names)
}
