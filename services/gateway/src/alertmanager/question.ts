import type { alertmanagerEndpoints } from './endpoints.ts'

/** Name of an endpoint of Alertmanager's API. */
export type AlertmanagerCall = (typeof alertmanagerEndpoints)[number]['name']

/** What is asked of an Alertmanager. Its parameters can only narrow an answer. */
export interface AlertmanagerQuestion {
  readonly kind: 'alertmanager'
  readonly call: AlertmanagerCall
  /** Of a silence; empty for other calls. */
  readonly id: string
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown
}
