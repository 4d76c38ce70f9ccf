import { useState } from 'react'
import { useCan, useMe } from '../api/me-context.ts'
import { useRead } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'
import { Icon } from '../parts/icon.tsx'
import { RangePicker } from '../parts/range-picker.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { rangeInWords, type Range } from '../parts/time-range.ts'
import { Select } from '../parts/field.tsx'
import { type SearchChange, useSearchState } from '../router/location.ts'
import './audit.css'
import { EventDrawer } from './event-drawer.tsx'
import { EventsTable } from './events-table.tsx'
import { ExportsDrawer } from './exports.tsx'
import { chipText, rangeOf, resolvedRange, toBody, toParameters, wantedOf } from './filter.ts'
import { Filters } from './filters.tsx'
import { Integrity } from './integrity.tsx'
import { histogram } from './model.ts'
import { Timeline } from './timeline.tsx'
import { toBars } from './timeline-model.ts'
import { useEvents } from './use-events.ts'

const bars = '60'

/** When events happened; its room is there while it is being counted. */
function When({
  parameters,
  range,
  onRange,
}: {
  readonly parameters: string
  readonly range: Range
  readonly onRange: (range: Range) => void
}) {
  const read = useRead(`/api/v1/audit/histogram?${parameters}&bars=${bars}`, histogram)
  if (read.error !== undefined)
    return <ErrorState error={read.error} title="The events cannot be counted" onRetry={read.reload} />
  if (read.value === undefined)
    return (
      <div className="card timeline-room">
        <Skeleton lines={4} label="Counting events" />
      </div>
    )
  return <Timeline bars={toBars(read.value, range)} isEstimate={read.value.isEstimate} onRange={onRange} />
}

/** What happened, who did it and why it was allowed; whether the log is whole; exports of it. */
export default function AuditScreen() {
  const me = useMe()
  const can = useCan()
  const [search, change] = useSearchState()
  // A range that moves with the clock stands still until somebody reads again, so that paging and counting speak of the same events.
  const [now, setNow] = useState(() => Date.now())
  const range = resolvedRange(search, now)
  const org = search.get('org')
  const params = toParameters(search, range)
  if (org !== null) params.set('org', org)
  const events = useEvents(params.toString())
  const orgParameter = org === null ? '' : `?org=${encodeURIComponent(org)}`
  const apply = (wanted: SearchChange): void => {
    setNow(Date.now())
    change({ ...wanted, event: undefined })
  }
  const look = ({ start, end }: Range): void => apply({ from: String(start), to: String(end) })
  const opened = search.get('event')
  return (
    <>
      <div className="screen-head">
        <h1>Audit</h1>
        <div className="screen-tools row">
          {me.isPlatform && (
            <Select
              label="Log of"
              isLabelHidden
              isSmall
              value={org ?? ''}
              onText={(value) => apply({ org: value })}
              options={[
                { value: '', text: `Log of ${me.org.name}` },
                { value: '*', text: 'Everybody’s log' },
              ]}
            />
          )}
          <RangePicker range={rangeOf(search)} onRange={(next) => apply({ ...next })} />
          <Button isSmall kind="quiet" onClick={() => setNow(Date.now())}>
            <Icon name="refresh" />
            Read again
          </Button>
          {can('audit:export') && (
            <Button isSmall onClick={() => change({ show: 'exports' })}>
              Export
            </Button>
          )}
        </div>
      </div>
      <div className="stack">
        <Integrity
          orgParameter={orgParameter}
          isOpen={search.get('show') === 'integrity'}
          onOpen={(isOpen) => change({ show: isOpen ? 'integrity' : undefined })}
        />
        <Filters search={search} onApply={apply} />
        <When parameters={params.toString()} range={range} onRange={look} />
        <EventsTable events={events} onOpen={(id) => change({ event: id })} />
      </div>
      {opened !== null && (
        <EventDrawer
          id={opened}
          orgParameter={orgParameter}
          onOpen={(id) => change({ event: id }, { replace: true })}
          onClose={() => change({ event: undefined })}
          onFilter={(name, value) => apply({ [name]: value })}
        />
      )}
      {search.get('show') === 'exports' && (
        <ExportsDrawer
          what={[rangeInWords(rangeOf(search), now), ...wantedOf(search).map(chipText)].join('; ')}
          filter={() => toBody(search, range)}
          orgParameter={orgParameter}
          onClose={() => change({ show: undefined })}
        />
      )}
    </>
  )
}
