import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseAccessDocument } from './check.ts'
import { policyOf } from './policy-of.ts'
import { parseScenario, runScenario } from './scenario.ts'

const org = { uid: 'health', name: 'Health' }
const replicas = [{ name: 'a', url: 'http://127.0.0.1:9090' }]
const shard = { name: 's', tenants: ['health'], replicas }
const documentOf = (...orgs: object[]): unknown => ({ apiVersion: 'gatehouse/v1', kind: 'Access', orgs })

describe('an access document', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown key', { colour: 'red' }, /colour/],
    ['a tenant that would be a path', { tenants: ['..'] }, /tenants/],
    ['a tenant with an alternation', { tenants: ['a|b'] }, /tenants/],
    ['a tenant with a quote', { tenants: ['a"b'] }, /tenants/],
    ['a reserved tenant', { tenants: ['__x'] }, /tenants/],
    [
      'a role that does not exist',
      { teams: [{ uid: 't', name: 'T' }], grants: [{ team: 't', role: 'king' }] },
      /no role king/,
    ],
    ['a team that does not exist', { grants: [{ team: 't', role: 'viewer' }] }, /no team t/],
    ['a grant without a subject', { grants: [{ role: 'viewer' }] }, /grants/],
    ['a grant with two subjects', { grants: [{ role: 'viewer', team: 't', serviceAccount: 's' }] }, /grants/],
    [
      'a constraint that is no selector',
      { grants: [{ team: 't', role: 'viewer', constraints: ['env=prod'] }] },
      /constraints/,
    ],
    [
      'a constraint that says nothing',
      { grants: [{ team: 't', role: 'viewer', constraints: ['{}'] }] },
      /no matcher/,
    ],
    [
      'a constraint that matches the empty value',
      { grants: [{ team: 't', role: 'viewer', constraints: ['{env=~".*"}'] }] },
      /without that label/,
    ],
    [
      'a constraint that breaks out of its group',
      { grants: [{ team: 't', role: 'viewer', constraints: ['{env=~"a)|(?:b"}'] }] },
      /constraints/,
    ],
    [
      'a period that ends before it begins',
      {
        grants: [
          { team: 't', role: 'viewer', notBefore: '2026-02-01T00:00:00Z', expiresAt: '2026-01-01T00:00:00Z' },
        ],
      },
      /before/,
    ],
    [
      'a custom role named like a shipped one',
      { roles: [{ name: 'viewer', version: 1, permissions: ['orgs:read'] }] },
      /viewer stands twice/,
    ],
    [
      'a custom role with an unknown action',
      { roles: [{ name: 'x', version: 1, permissions: ['orgs:steal'] }] },
      /permissions/,
    ],
    [
      'a folder inside itself',
      {
        folders: [
          { uid: 'a', title: 'A', parent: 'b' },
          { uid: 'b', title: 'B', parent: 'a' },
        ],
      },
      /inside itself/,
    ],
    ['a folder in one that is not there', { folders: [{ uid: 'a', title: 'A', parent: 'b' }] }, /parent b/],
    [
      'a tenant in two shards',
      { dataSources: [{ uid: 'd', name: 'D', shards: [shard, { ...shard, name: 's2' }] }] },
      /health stands twice/,
    ],
    ...(
      [
        ['neither tenants nor a hash', [{ name: 's', replicas }], /either tenants or tenantHash/],
        [
          'both tenants and a hash',
          [{ ...shard, tenantHash: { modulus: 2, remainder: 0 } }],
          /either tenants or tenantHash/,
        ],
        [
          'a remainder that is none',
          [{ name: 's', tenantHash: { modulus: 2, remainder: 2 }, replicas }],
          /not below the modulus/,
        ],
        [
          'a hash beside a list',
          [shard, { name: 's2', tenantHash: { modulus: 2, remainder: 0 }, replicas }],
          /either no shard has a tenantHash/,
        ],
        [
          'one remainder twice',
          ['s', 's2'].map((name) => ({ name, tenantHash: { modulus: 2, remainder: 0 }, replicas })),
          /remainder 0 stands twice: s, s2/,
        ],
        [
          'hashes of two moduli',
          [2, 3].map((modulus) => ({ name: `s${modulus}`, tenantHash: { modulus, remainder: 1 }, replicas })),
          /all have one of the same modulus/,
        ],
        [
          'labels that do not divide',
          [
            { ...shard, series: '{env="prod"}' },
            { ...shard, name: 's2', series: '{team="x"}' },
          ],
          /s and s2 hold health, and nothing says that their series differ/,
        ],
        [
          'patterns that can meet',
          [
            { ...shard, series: '{__name__=~"node_.*"}' },
            { ...shard, name: 's2', series: '{__name__=~"node.*"}' },
          ],
          /nothing says that their series differ/,
        ],
        ['a slice that matches everything', [{ ...shard, series: '{env=~".*"}' }], /without that label/],
        [
          'times of which one is missing',
          [
            { ...shard, samples: { from: '15d' } },
            { ...shard, name: 's2' },
          ],
          /health stands twice: s, s2/,
        ],
        [
          'times that hardly overlap',
          [
            { ...shard, samples: { from: '2h' } },
            { ...shard, name: 's2', samples: { until: '90m' } },
          ],
          /the samples of s overlap with no other shard of the same series by an hour/,
        ],
        ['times of nothing', [{ ...shard, samples: {} }], /from or until is missing/],
        ['a time that is none', [{ ...shard, samples: { from: 'yesterday' } }], /samples/],
        ['the engine’s name', [{ ...shard, name: 'engine' }], /engine is the name of the global engine/],
      ] as const
    ).map(
      ([what, shards, message]) =>
        [what, { dataSources: [{ uid: 'd', name: 'D', shards }] }, message] as [string, object, RegExp],
    ),
    ['a data source without shards', { dataSources: [{ uid: 'd', name: 'D', shards: [] }] }, /shards/],
    [
      'a replica behind another scheme',
      {
        dataSources: [
          { uid: 'd', name: 'D', shards: [{ ...shard, replicas: [{ name: 'a', url: 'file:///etc' }] }] },
        ],
      },
      /url/,
    ],
    [
      'a replica with a password in its URL',
      {
        dataSources: [
          { uid: 'd', name: 'D', shards: [{ ...shard, replicas: [{ name: 'a', url: 'http://u:p@h' }] }] },
        ],
      },
      /url/,
    ],
    ['a platform org with tenants', { platform: true, tenants: ['x'] }, /owns none/],
  ])('is refused with %s', (_name, change, message) => {
    expect(() => parseAccessDocument(documentOf({ ...org, ...change }))).toThrow(message)
  })

  it('is refused with two owners of a tenant, two platforms, or an org twice', () => {
    expect(() =>
      parseAccessDocument(documentOf({ ...org, tenants: ['x'] }, { uid: 'b', name: 'B', tenants: ['x'] })),
    ).toThrow(/x stands twice/)
    expect(() =>
      parseAccessDocument(documentOf({ ...org, platform: true }, { uid: 'b', name: 'B', platform: true })),
    ).toThrow(/only one/)
    expect(() => parseAccessDocument(documentOf(org, org))).toThrow(/health stands twice/)
    expect(() => parseAccessDocument(null)).toThrow()
  })

  it('names every fault and where it is', () => {
    const faulty = {
      ...org,
      teams: [{ uid: 't', name: 'T' }],
      grants: [
        { team: 't', role: 'king' },
        { team: 'x', role: 'viewer' },
      ],
    }
    expect(() => parseAccessDocument(documentOf(faulty))).toThrow(
      'orgs.health.grants.0: there is no role king\norgs.health.grants.1: there is no team x',
    )
  })

  it('becomes a policy', () => {
    const [parsed] = parseAccessDocument(
      documentOf({
        ...org,
        tenants: ['health'],
        teams: [{ uid: 't', name: 'T', members: [{ issuer: 'https://idp', subject: 'ann' }] }],
        grants: [{ team: 't', role: 'viewer', on: { team: 't' }, expiresAt: '2026-01-01T00:00:00Z' }],
      }),
    ).orgs
    const policy = parsed === undefined ? undefined : policyOf(parsed)
    expect(policy?.members).toMatchObject([{ name: 'ann', teams: [{ uid: 't', source: 'manual' }] }])
    expect(policy?.grants).toMatchObject([
      { where: { kind: 'team', uid: 't' }, expiresAt: Date.UTC(2026, 0, 1) },
    ])
  })
})

const folder = join(import.meta.dirname, '../../../../policies/scenarios')
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))

describe('scenarios', () => {
  it.each(files)('%s', (file) => {
    const results = runScenario(parseScenario(parse(readFileSync(join(folder, file), 'utf8'))))
    const failures = results.flatMap(({ expectation, differences }) =>
      differences.map((difference) => `${JSON.stringify(expectation)}: ${difference}`),
    )
    expect(failures).toEqual([])
    expect(results.length).toBeGreaterThan(0)
  })

  it('fail where the answer is another', () => {
    const given = documentOf({
      ...org,
      tenants: ['health'],
      teams: [{ uid: 't', name: 'T' }],
      grants: [{ team: 't', role: 'viewer' }],
    })
    const base = {
      who: { org: 'health', teams: ['t'] },
      action: 'dashboards:read',
      on: { kind: 'dashboard', uid: 'd' },
    }
    const run = (expectation: object): readonly string[] =>
      runScenario(
        parseScenario({
          apiVersion: 'gatehouse/v1',
          kind: 'Scenario',
          name: 'x',
          given,
          expect: [expectation],
        }),
      )[0]?.differences ?? []
    expect(run({ ...base, expect: 'allow', because: 'team:t viewer' })).toEqual([])
    expect(run({ ...base, expect: 'deny' })).toEqual(['is allowed, expected deny'])
    expect(run({ ...base, expect: 'allow', because: 'team:t editor' })).toHaveLength(1)
    expect(run({ ...base, action: 'dashboards:write', expect: 'deny', because: 'subject' })).toHaveLength(1)
    expect(run({ ...base, action: 'dashboards:write', expect: 'deny', because: 'permission' })).toEqual([])
    expect(() => parseScenario({ kind: 'Scenario' })).toThrow()
  })
})

describe('shard maps', () => {
  const two = (first: object, second: object) =>
    parseAccessDocument({
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [
        {
          uid: 'o',
          name: 'O',
          tenants: ['health'],
          dataSources: [
            {
              uid: 'd',
              name: 'D',
              shards: [
                { ...shard, ...first },
                { ...shard, name: 's2', ...second },
              ],
            },
          ],
        },
      ],
    })

  it.each([
    ['a label', { series: '{env="prod"}' }, { series: '{env!="prod"}' }],
    ['values of a label', { series: '{env=~"prod|dr"}' }, { series: '{env="dev"}' }],
    ['a pattern and its opposite', { series: '{__name__=~"node_.*"}' }, { series: '{__name__!~"node_.*"}' }],
    [
      'patterns that begin differently',
      { series: '{__name__=~"node_.*|up"}' },
      { series: '{__name__=~"http_.+"}' },
    ],
    ['ages', { samples: { from: '15d' } }, { samples: { until: '2h' } }],
    [
      'moments',
      { samples: { from: '2026-01-01T00:00:00Z' } },
      { samples: { until: '2026-01-01T01:00:00Z' } },
    ],
    [
      'the hash of tenants, each with times of its own',
      { tenants: [], tenantHash: { modulus: 2, remainder: 0 }, samples: { from: '2h' } },
      { tenants: [], tenantHash: { modulus: 2, remainder: 1 }, samples: { until: '90m' } },
    ],
  ])('may divide by %s', (_by, first, second) => {
    expect(two(first, second).orgs[0]?.dataSources[0]?.shards).toHaveLength(2)
  })
})
