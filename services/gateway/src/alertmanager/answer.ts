import { GatehouseError } from '@gatehouse/errors'
import { createAdmission } from '@gatehouse/query'
import type { AlertmanagerRequest } from '@gatehouse/upstream'
import type { Answer } from '../answer.ts'
import type { Execution } from '../ask.ts'
import { member, textIn } from '../filter/json.ts'
import type { AlertmanagerQuestion } from './question.ts'
import { type AlertScope, shownAlerts, shownGroups, shownReceivers } from './alerts.ts'
import { isOwn, matchersIn, shownSilence } from './silence.ts'
import { readSilence } from './write-silence.ts'

function json(value: unknown): Answer {
  const headers = { 'content-type': 'application/json' }
  return { kind: 'body', rendered: { status: 200, headers, body: JSON.stringify(value) } }
}

type Ask = (request: AlertmanagerRequest) => Promise<unknown>
type Scope = Parameters<typeof isOwn>[1]

const noSuchSilence = 'there is no such silence'

function ownSilences(silences: unknown, scope: Scope): readonly object[] {
  const list: readonly unknown[] = Array.isArray(silences) ? silences : []
  return list.flatMap((silence) => {
    const matchers = matchersIn(silence)
    return matchers !== undefined && isOwn(matchers, scope) ? [shownSilence(silence, matchers)] : []
  })
}

/** One silence if it is the caller's. @throws GatehouseError `not_found`: the same for those of others as for none. */
async function findSilence(ask: Ask, id: string, scope: Scope): Promise<object> {
  if (!/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(id))
    throw new GatehouseError('not_found', noSuchSilence)
  const silence = await ask({ method: 'GET', path: `/silence/${id}` })
  const [own] = ownSilences([silence], scope)
  if (own === undefined) throw new GatehouseError('not_found', noSuchSilence)
  return own
}

/** Its version and age; configuration and peers stay out of sight. */
async function status(ask: Ask): Promise<object> {
  const known = await ask({ method: 'GET', path: '/status' })
  const version = textIn(member(known, 'versionInfo'), 'version')
  const unsaid = { branch: '', buildDate: '', buildUser: '', goVersion: '', revision: '' }
  return {
    cluster: { status: 'disabled', peers: [] },
    config: { original: '' },
    uptime: textIn(known, 'uptime'),
    versionInfo: { ...unsaid, version },
  }
}

async function write(ask: Ask, body: unknown, { execution, scope }: { execution: Execution; scope: Scope }) {
  const { policy, principal } = execution
  const createdBy = `${principal.kind}:${principal.uid}`
  const { id, silence } = readSilence(body, { ...scope, tenants: policy.tenants, createdBy })
  if (id !== undefined) await findSilence(ask, id, scope)
  const made = await ask({
    method: 'POST',
    path: '/silences',
    body: JSON.stringify(id === undefined ? silence : { id, ...silence }),
  })
  return { silenceID: textIn(made, 'silenceID') }
}

async function alertScope(ask: Ask, scope: Scope): Promise<AlertScope> {
  const silences = ownSilences(await ask({ method: 'GET', path: '/silences' }), scope)
  return {
    admits: createAdmission(scope.constraints.alternatives),
    ownSilences: new Set(silences.map((silence) => textIn(silence, 'id'))),
  }
}

/**
 * Answers a request to the Alertmanager of a data source: alerts by their labels, silences by their matchers.
 * @throws GatehouseError `not_found`, `bad_data`, `forbidden`, and as `Alertmanagers.ask` does.
 */
export async function answerAlertmanager(
  { call, id, parameters, body }: AlertmanagerQuestion,
  execution: Execution,
): Promise<Answer> {
  const { source, access, alertmanagers, budget } = execution
  const { alertmanagerUrl, tenantLabel } = source
  if (alertmanagerUrl === undefined)
    throw new GatehouseError('not_found', 'the data source has no Alertmanager')
  const scope = { constraints: access.constraints, tenantLabel }
  const ask: Ask = (request) => alertmanagers.ask(alertmanagerUrl, request, budget.signal)
  const get = (path: string) => ask({ method: 'GET', path, parameters })
  switch (call) {
    case 'am_status':
      return json(await status(ask))
    case 'am_receivers':
      return json(shownReceivers(await get('/alerts'), await alertScope(ask, scope)))
    case 'am_alerts':
      return json(shownAlerts(await get('/alerts'), await alertScope(ask, scope)))
    case 'am_groups':
      return json(shownGroups(await get('/alerts/groups'), await alertScope(ask, scope)))
    case 'am_silences':
      return json(ownSilences(await get('/silences'), scope))
    case 'am_silence':
      return json(await findSilence(ask, id, scope))
    case 'am_write_silence':
      return json(await write(ask, body, { execution, scope }))
    case 'am_expire_silence': {
      await findSilence(ask, id, scope)
      await ask({ method: 'DELETE', path: `/silence/${id}` })
      return json({})
    }
  }
}
