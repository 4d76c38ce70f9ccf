import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  compareAnswer,
  type Expectation,
  type Scenario,
  type ScenarioAnswer,
  type ScenarioResult,
} from '@gatehouse/authz'
import { z } from 'zod'

/** A running control plane, and with whose token each org's questions are asked (they need access:explain). */
export interface Asking {
  /** Base URL of control. */
  readonly url: string
  /** Tokens by org. */
  readonly tokens: ReadonlyMap<string, string>
}

const answerSchema = z.object({
  allowed: z.boolean(),
  firstFailing: z.string().nullable(),
  constraints: z.object({ selectors: z.array(z.string()) }).nullable(),
  paths: z.array(
    z.object({
      grant: z.object({ subject: z.object({ kind: z.string(), uid: z.string() }), role: z.string() }),
      fails: z.string().nullable(),
    }),
  ),
})

const maxTries = 5

/** Asks, and asks again when control says that it is asked too often; scenarios are many questions at once. */
async function ask(url: URL, token: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    })
    if (response.status !== 429 || tries === maxTries) return response
    await response.body?.cancel()
    await sleep(1_000 * Math.min(Number(response.headers.get('retry-after') ?? 1), 10))
  }
}

async function post(url: URL, token: string, body: unknown): Promise<Response> {
  return ask(url, token, { method: 'POST', body: JSON.stringify(body) })
}

function principalOf(who: Expectation['who']): object {
  if ('serviceAccount' in who) return { kind: 'service-account', uid: who.serviceAccount }
  if ('user' in who) return { kind: 'user', ...who.user }
  return { kind: 'somebody', groups: who.groups ?? [], teams: who.teams ?? [] }
}

/** What is not there is denied, whatever the condition; nobody is told more over HTTP. */
const notThere: ScenarioAnswer = { isAllowed: false, firstFailing: undefined, reasons: [], selectors: [] }

function read(body: unknown): ScenarioAnswer {
  const { allowed, firstFailing, constraints, paths } = answerSchema.parse(body)
  return {
    isAllowed: allowed,
    firstFailing: firstFailing ?? undefined,
    reasons: paths
      .filter(({ fails }) => fails === null)
      .map(({ grant: { subject, role } }) => `${subject.kind}:${subject.uid} ${role}`),
    selectors: constraints?.selectors ?? [],
  }
}

async function askOne(
  scenario: Scenario,
  expectation: Expectation,
  { url, token }: { readonly url: string; readonly token: string },
): Promise<ScenarioResult> {
  const { who, action, on, selector, at = scenario.at } = expectation
  const principal = principalOf(who)
  const explain = (question: object) => post(new URL('/api/v1/access/explain', url), token, question)
  if ('user' in who) {
    const org = { kind: 'org', uid: who.org }
    const { status } = await explain({ principal, action: 'orgs:read', resource: org })
    // Who cannot be asked about is not denied.
    if (status === 404)
      return { expectation, differences: ['they have not come there yet; ask about a team or groups'] }
  }
  const response = await explain({
    principal,
    action,
    resource: { kind: on.kind, uid: on.uid, ...(on.folder === undefined ? {} : { folderUid: on.folder }) },
    at,
    // The access is the scenario's now; its time only says which grants are in force.
    settings: 'now',
    ...(selector === undefined ? {} : { selector }),
  })
  if (response.status === 404) {
    const { because: _, ...rest } = expectation
    return { expectation, differences: compareAnswer(rest, notThere) }
  }
  if (response.status !== 200) return { expectation, differences: [`${url} answers ${response.status}`] }
  return { expectation, differences: compareAnswer(expectation, read(await response.json())) }
}

/**
 * Asks a running control plane what a scenario expects; its access must be the scenario's. Expectations that cannot be asked are
 * left out: of orgs without a token, and about resources of another org, which nobody can even name.
 */
export async function askScenario(scenario: Scenario, asking: Asking): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = []
  for (const expectation of scenario.expect) {
    const { who, on } = expectation
    const token = asking.tokens.get(who.org)
    if (token === undefined || (on.org ?? who.org) !== who.org) continue
    results.push(await askOne(scenario, expectation, { url: asking.url, token }))
  }
  return results
}

/** Reads `health=token-file` options. @throws Error naming one that is not so. */
export function readTokens(options: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    options.map((option) => {
      const at = option.indexOf('=')
      if (at < 1) throw new Error(`--token-file ${option}: write <org>=<file>`)
      return [option.slice(0, at), readFileSync(option.slice(at + 1), 'utf8').trim()]
    }),
  )
}
