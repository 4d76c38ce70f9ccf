import { GatehouseError } from '@gatehouse/errors'
import { type Matcher, matchesEmpty, parseMatchers } from '@gatehouse/promql'

/**
 * Parses the selector of a question, `up{env=""}`: it gives nothing, so it may also ask about series without a label.
 * @throws GatehouseError `bad_data`, also for one without matchers.
 */
export function parseAsked(text: string): readonly Matcher[] {
  const matchers = parseMatchers(text)
  if (matchers.length === 0) throw new GatehouseError('bad_data', `${text} has no matcher`)
  return matchers
}

/**
 * Parses one constraint or guardrail selector, `{env="prod"}`, and refuses what would say more than it seems to: nothing at all, and
 * positive matchers that also match series without the label.
 * @throws GatehouseError `bad_data`.
 */
export function parseConstraint(text: string): readonly Matcher[] {
  const matchers = parseAsked(text)
  const loose = matchers.find((matcher) => !matcher.op.startsWith('!') && matchesEmpty(matcher))
  if (loose !== undefined)
    throw new GatehouseError(
      'bad_data',
      `${loose.name}${loose.op}… in ${text} also matches series without that label`,
    )
  return matchers
}
