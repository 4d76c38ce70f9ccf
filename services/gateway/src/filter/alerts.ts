import type { Labelled } from '@gatehouse/query'
import { listIn, member, textIn, textsIn } from './json.ts'
import { ownAnnotations } from './own-texts.ts'

/** An alert as it is shown. */
export type ShownAlert = Readonly<Record<string, unknown>> & { readonly state: string }

/** The alerts of a rule that are admitted by their own labels, with the fields of Prometheus's API and no others. */
export function shownAlerts(rule: unknown, admits: (labels: Labelled) => boolean): readonly ShownAlert[] {
  const templates = textsIn(rule, 'annotations')
  return listIn(rule, 'alerts').flatMap((alert) => {
    const labels = textsIn(alert, 'labels')
    if (labels === undefined || !admits(labels)) return []
    const keepFiringSince = textIn(alert, 'keepFiringSince')
    return [
      {
        labels,
        annotations: ownAnnotations(textsIn(alert, 'annotations'), templates),
        state: textIn(alert, 'state'),
        activeAt: textIn(alert, 'activeAt'),
        ...(keepFiringSince === '' ? {} : { keepFiringSince }),
        value: textIn(alert, 'value'),
      },
    ]
  })
}

/** Every rule of an answer of `rules`. */
export function rulesIn(data: unknown): readonly unknown[] {
  return listIn(data, 'groups').flatMap((group) => listIn(group, 'rules'))
}

/** The data of `alerts`, from the answers of `rules`: there the templates of the annotations stand beside them. */
export function alertsData(answers: readonly unknown[], admits: (labels: Labelled) => boolean): object {
  const rules = answers.flatMap(rulesIn).filter((rule) => member(rule, 'type') === 'alerting')
  return { alerts: rules.flatMap((rule) => shownAlerts(rule, admits)) }
}
