import { GatehouseError } from '@gatehouse/errors'
import { readEnvelope } from '../upstream-envelope.ts'

/** What a query's own expression is remarked on; any other warning tells of data that could not be read. */
const ofExpression =
  /^PromQL (warning|info): |^\d+ more (warning |info )?annotations omitted$|^results truncated due to limit$/

/** The global engine's answers as they came. @throws GatehouseError `unavailable` if one is without some of the data. */
export function engineAnswer(bodies: readonly Buffer[]): readonly Buffer[] {
  const missing = bodies
    .flatMap((body) => readEnvelope(body).warnings)
    .filter((warning) => !ofExpression.test(warning))
  if (missing.length === 0) return bodies
  throw new GatehouseError('unavailable', 'the global engine could not read every shard', {
    detail: missing.join('; '),
  })
}
