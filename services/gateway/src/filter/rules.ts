import type { Constraints } from '@gatehouse/authz'
import { createAdmission, type Labelled } from '@gatehouse/query'
import { matchersOf, parseMatch } from '../parse.ts'
import type { RuleSelection } from '../question.ts'
import { type ShownAlert, shownAlerts } from './alerts.ts'
import { listIn, numberIn, textIn, textsIn } from './json.ts'
import { isOwnQuery, ownAnnotations } from './own-texts.ts'

/** Whose rules are shown, and of them which. */
export interface RuleScope {
  readonly constraints: Constraints
  /** What admits alerts; undefined if none may be seen. */
  readonly alerts: Constraints | undefined
  readonly selection: RuleSelection
}

type Admits = (labels: Labelled) => boolean

interface Tests {
  readonly constraints: Constraints
  readonly ownsRule: Admits
  readonly ownsAlert: Admits
  readonly isMatched: Admits
  readonly selection: RuleSelection
}

/** The state a rule has by its shown alerts: by all of them it would tell of those of others. */
function stateOf(state: string, alerts: readonly ShownAlert[]): string {
  if (state === 'unknown') return state
  return ['firing', 'pending'].find((one) => alerts.some((alert) => alert.state === one)) ?? 'inactive'
}

/** The fields that both kinds of rules have. */
function commonFields(rule: unknown, labels: Labelled, { constraints }: Tests): object {
  const query = textIn(rule, 'query')
  return {
    name: textIn(rule, 'name'),
    query: isOwnQuery(query, constraints) ? query : '',
    labels,
    health: textIn(rule, 'health'),
    evaluationTime: numberIn(rule, 'evaluationTime'),
    lastEvaluation: textIn(rule, 'lastEvaluation'),
    type: textIn(rule, 'type'),
  }
}

function shownRule(rule: unknown, tests: Tests): readonly object[] {
  const { selection, ownsRule, ownsAlert, isMatched } = tests
  const labels = textsIn(rule, 'labels') ?? {}
  if (!ownsRule(labels) || !isMatched(labels)) return []
  if (selection.names.length > 0 && !selection.names.includes(textIn(rule, 'name'))) return []
  const type = textIn(rule, 'type')
  const common = commonFields(rule, labels, tests)
  if (type === 'recording') return selection.type === 'alert' ? [] : [common]
  // A type this version does not know is not shown: nobody knows what its fields say.
  if (type !== 'alerting' || selection.type === 'record') return []
  const alerts = shownAlerts(rule, ownsAlert)
  const annotations = textsIn(rule, 'annotations')
  return [
    {
      state: stateOf(textIn(rule, 'state'), alerts),
      ...common,
      duration: numberIn(rule, 'duration'),
      keepFiringFor: numberIn(rule, 'keepFiringFor'),
      annotations: ownAnnotations(annotations, annotations),
      alerts: selection.excludeAlerts ? [] : alerts,
    },
  ]
}

function shownGroup(group: unknown, tests: Tests): readonly object[] {
  const name = textIn(group, 'name')
  const { groups, files } = tests.selection
  if (groups.length > 0 && !groups.includes(name)) return []
  // No group's file is told, so by a name none is found.
  if (files.length > 0 && !files.includes('')) return []
  const rules = listIn(group, 'rules').flatMap((rule) => shownRule(rule, tests))
  if (rules.length === 0) return []
  return [
    {
      name,
      file: '',
      rules,
      interval: numberIn(group, 'interval'),
      limit: numberIn(group, 'limit'),
      evaluationTime: numberIn(group, 'evaluationTime'),
      lastEvaluation: textIn(group, 'lastEvaluation'),
    },
  ]
}

/**
 * The data of `rules` from those of the shards, made anew of the fields of Prometheus's API: rules, and alerts in them, whose own labels
 * the constraints admit. File names and error texts are left out, and queries that speak of more than the caller may see.
 * @throws GatehouseError `bad_data` for a `match[]` that is no selector.
 */
export function rulesData(answers: readonly unknown[], scope: RuleScope): object {
  const { constraints, alerts, selection } = scope
  const matches = selection.matches.map((text) => matchersOf(parseMatch(text)))
  const tests: Tests = {
    constraints,
    selection,
    ownsRule: createAdmission(constraints.alternatives),
    ownsAlert: createAdmission(alerts?.alternatives ?? []),
    isMatched: matches.length === 0 ? () => true : createAdmission(matches),
  }
  const groups = answers.flatMap((data) => listIn(data, 'groups'))
  return { groups: groups.flatMap((group) => shownGroup(group, tests)) }
}
