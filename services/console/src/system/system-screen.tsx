import { useState } from 'react'
import { useCan } from '../api/me-context.ts'
import { RefreshChoice } from '../parts/refresh-choice.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { LimitsCard } from './limits-card.tsx'
import { QueriesCard } from './queries-card.tsx'
import { type Reading, shardRows } from './shard-rows.ts'
import { ShardsCard } from './shards-card.tsx'
import { AuditCard, CacheCard, GatewayCard, IssuersCard } from './state-cards.tsx'
import './system.css'
import { useReadings } from './use-readings.ts'

/** Watched for a minute, what happened meanwhile says more than what happened since the start. */
const enoughMs = 60_000

function watched(readings: readonly Reading[]): { readonly isEnough: boolean; readonly period: string } {
  const [first, last] = [readings[0], readings.at(-1)]
  const ms = first === undefined || last === undefined ? 0 : last.at - first.at
  if (ms < enoughMs) return { isEnough: false, period: 'since the gateway started' }
  return { isEnough: true, period: `in the last ${Math.round(ms / 60_000)} min` }
}

/** How everything that answers queries is, for those who keep it running. */
export default function SystemScreen() {
  const can = useCan()
  const [every, setEvery] = useState<number | undefined>(10)
  const { read, readings } = useReadings(every)
  const { value: status, error, reload, isReading } = read
  const { isEnough, period } = watched(readings)
  return (
    <>
      <div className="screen-head">
        <h1>System</h1>
        <div className="screen-tools">
          <RefreshChoice every={every} onEvery={setEvery} onNow={reload} isBusy={isReading} />
        </div>
      </div>
      {error !== undefined && (
        <ErrorState error={error} title="The state could not be read" onRetry={reload} />
      )}
      {status === undefined && error === undefined && <Skeleton lines={12} label="Reading the state" />}
      {status !== undefined && (
        <div className="stack">
          <ShardsCard rows={shardRows(readings, isEnough)} period={period} />
          <div className="grid-halves">
            <GatewayCard status={status} />
            <AuditCard spool={status.gateway.spool} />
            <CacheCard cache={status.gateway.cache} />
            <IssuersCard issuers={status.issuers} />
          </div>
          {can('queries:read') && <QueriesCard dataSources={status.dataSources} />}
          <LimitsCard limits={status.limits} />
        </div>
      )}
    </>
  )
}
