import { useQuery } from '@tanstack/react-query'
import { toApiError } from '../api/client.ts'
import type { MyDataSource } from '../api/me.ts'
import { useMe } from '../api/me-context.ts'
import { runQuery } from '../explore/answers.ts'
import { Badge } from '../parts/chips.tsx'
import { sentence } from '../parts/states.tsx'
import { agoText } from '../parts/time.tsx'

/** The newest sample of a target that is scraped; every data source with scraped targets has `up`. */
const newest = 'max(timestamp(up))'
const staleSeconds = 300

/** Whether the newest sample (Unix seconds, as text) is fresh at `now` (ms), in words. */
export function freshnessOf(
  value: string | undefined,
  now: number,
): { readonly kind: 'good' | 'caution' | 'plain'; readonly badge: string; readonly text: string } {
  const at = Number(value)
  if (value === undefined || !Number.isFinite(at))
    return { kind: 'plain', badge: 'unknown', text: 'you see no scraped target, so its age cannot be told' }
  const text = `newest sample ${agoText(at * 1_000, now)}`
  return now / 1_000 - at > staleSeconds
    ? { kind: 'caution', badge: 'behind', text }
    : { kind: 'good', badge: 'fresh', text }
}

/** How old the newest sample is that I may see in a data source. */
export function Freshness({ source }: { readonly source: MyDataSource }) {
  const me = useMe()
  const { data, error, isPending } = useQuery({
    queryKey: [me.org.uid, 'freshness', source.uid],
    staleTime: 60_000,
    retry: false,
    queryFn: ({ signal }) => {
      const at = { time: Math.floor(Date.now() / 1_000) }
      return runQuery({ source: source.uid, expr: newest, at }, { org: me.org.uid, signal })
    },
  })
  if (isPending) return <p className="small muted">Looking how fresh it is…</p>
  if (error !== null)
    return (
      <p className="small">
        <Badge kind="danger">no answer</Badge> {sentence(toApiError(error).message)}
      </p>
    )
  const { kind, badge, text } = freshnessOf(data.series[0]?.samples[0]?.[1], Date.now())
  return (
    <p className="small">
      <Badge kind={kind}>{badge}</Badge> {text}
    </p>
  )
}
