import { type AuditFigures, type Metrics, registerAuditSpool } from '@gatehouse/telemetry'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { EndpointName } from './endpoints.ts'

/** Label of requests that led to no endpoint of the table: paths are not labels. */
export const unknownEndpoint = 'unknown'

/** The gateway's own metrics. Labels come from closed lists; none names a tenant, org or user. */
export interface GatewayMetrics {
  begin(): void
  end(result: {
    readonly endpoint: EndpointName | typeof unknownEndpoint
    readonly status: number
    readonly seconds: number
    readonly bytes: number
    /** Whether the answer broke off after its first byte. */
    readonly isBroken: boolean
  }): void
  /** An answer was withheld because its audit event could not be written. */
  auditFailed(): void
}

/** Registers the gateway's metrics. */
export function createGatewayMetrics(registry: Metrics, audit: AuditFigures): GatewayMetrics {
  const registers = [registry]
  registerAuditSpool(registry, audit)
  const requests = new Counter({
    name: 'gatehouse_requests_total',
    help: 'Requests answered, by endpoint and HTTP status.',
    labelNames: ['endpoint', 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'gatehouse_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['endpoint'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 50],
    registers,
  })
  const bytes = new Counter({
    name: 'gatehouse_response_bytes_total',
    help: 'Bytes of answer bodies.',
    labelNames: ['endpoint'],
    registers,
  })
  const inFlight = new Gauge({
    name: 'gatehouse_requests_in_flight',
    help: 'Requests being answered now.',
    registers,
  })
  const broken = new Counter({
    name: 'gatehouse_responses_broken_total',
    help: 'Answers that broke off after their first byte.',
    labelNames: ['endpoint'],
    registers,
  })
  const unaudited = new Counter({
    name: 'gatehouse_audit_refusals_total',
    help: 'Answers withheld because their audit event could not be written.',
    registers,
  })
  return {
    begin: () => inFlight.inc(),
    end(result) {
      const { endpoint } = result
      inFlight.dec()
      requests.inc({ endpoint, code: result.status })
      seconds.observe({ endpoint }, result.seconds)
      bytes.inc({ endpoint }, result.bytes)
      if (result.isBroken) broken.inc({ endpoint })
    },
    auditFailed: () => unaudited.inc(),
  }
}
