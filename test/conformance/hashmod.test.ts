import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureTools, startPrometheus, temporaryDir } from '@gatehouse/local'
import { tenantRemainder } from '@gatehouse/store'
import { expect, it } from 'vitest'

interface Target {
  readonly labels: { readonly tenant: string; readonly remainder: string }
}

const tenants = ['health', 'revenue', 'defence-land', 'a', "it's.(odd)*", 'zz-9', 'transport', '0']
const modulus = 5

it('a tenant has the remainder that Prometheus’s hashmod gives it', async () => {
  await ensureTools(['prometheus-2'])
  const dir = temporaryDir()
  const relabel_configs = [
    { source_labels: ['tenant'], action: 'hashmod', modulus, target_label: 'remainder' },
  ]
  const static_configs = tenants.map((tenant, i) => ({ targets: [`127.0.0.1:${i + 1}`], labels: { tenant } }))
  const server = await startPrometheus({
    version: '2',
    dataDir: join(dir.path, 'data'),
    config: { scrape_configs: [{ job_name: 'hashed', relabel_configs, static_configs }] },
  })
  try {
    let targets: readonly Target[] = []
    for (
      const deadline = Date.now() + 30_000;
      targets.length === 0 && Date.now() < deadline;
      await sleep(200)
    ) {
      const response = await fetch(`${server.url}/api/v1/targets?state=active`)
      const { data } = (await response.json()) as { data: { activeTargets: readonly Target[] } }
      targets = data.activeTargets
    }
    const given = new Map(targets.map(({ labels }) => [labels.tenant, Number(labels.remainder)]))
    expect(new Map(tenants.map((tenant) => [tenant, tenantRemainder(tenant, modulus)]))).toEqual(given)
    expect(new Set(given.values()).size).toBeGreaterThan(1)
  } finally {
    await server.stop()
    dir.remove()
  }
})
