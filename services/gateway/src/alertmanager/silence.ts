import { type Constraints, overlapOf } from '@gatehouse/authz'
import type { Matcher } from '@gatehouse/promql'
import { listIn, member, textIn } from '../filter/json.ts'

/** A matcher as Alertmanager's API has it. */
export interface SilenceMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual: boolean
}

/** The matchers of a silence; undefined if one of them is not readable. `isEqual` is true unless it says false. */
export function matchersIn(silence: unknown): readonly SilenceMatcher[] | undefined {
  const matchers: SilenceMatcher[] = []
  for (const one of listIn(silence, 'matchers')) {
    const [name, value] = [member(one, 'name'), member(one, 'value')]
    const [isRegex = false, isEqual = true] = [member(one, 'isRegex'), member(one, 'isEqual')]
    if (typeof name !== 'string' || typeof value !== 'string') return undefined
    if (typeof isRegex !== 'boolean' || typeof isEqual !== 'boolean') return undefined
    matchers.push({ name, value, isRegex, isEqual })
  }
  return matchers.length === 0 ? undefined : matchers
}

/** The same matcher as PromQL writes it. */
export function toMatcher({ name, value, isRegex, isEqual }: SilenceMatcher): Matcher {
  const op = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!='
  return { name, op, value }
}

/** The same matcher as Alertmanager writes it. */
export function fromMatcher({ name, op, value }: Matcher): SilenceMatcher {
  return { name, value, isRegex: op === '=~' || op === '!~', isEqual: op === '=' || op === '=~' }
}

/** The tenant that a silence is of: it has exactly one matcher on the tenant, and that one is an equality. */
export function tenantOf(matchers: readonly SilenceMatcher[], tenantLabel: string): string | undefined {
  const own = matchers.filter(({ name }) => name === tenantLabel)
  const [only] = own
  return own.length === 1 && only !== undefined && only.isEqual && !only.isRegex && only.value !== ''
    ? only.value
    : undefined
}

/** Whether a silence is the caller's: of one tenant, and reaching no alert that the constraints do not admit. */
export function isOwn(
  matchers: readonly SilenceMatcher[],
  { constraints, tenantLabel }: { readonly constraints: Constraints; readonly tenantLabel: string },
): boolean {
  return (
    tenantOf(matchers, tenantLabel) !== undefined && overlapOf(matchers.map(toMatcher), constraints) === 'all'
  )
}

/** A silence with the fields of Alertmanager's API and no others. */
export function shownSilence(silence: unknown, matchers: readonly SilenceMatcher[]): object {
  return {
    id: textIn(silence, 'id'),
    status: { state: textIn(member(silence, 'status'), 'state') },
    updatedAt: textIn(silence, 'updatedAt'),
    comment: textIn(silence, 'comment'),
    createdBy: textIn(silence, 'createdBy'),
    startsAt: textIn(silence, 'startsAt'),
    endsAt: textIn(silence, 'endsAt'),
    matchers,
  }
}
