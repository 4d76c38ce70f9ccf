import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig, parseConfig } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('configuration', () => {
  it('has a default for everything but the database', () => {
    const config = parseConfig('database: { url: postgres://x }')
    expect(config.gateway.deadline).toBe(50_000)
    expect(config.audit.level).toBe('write')
  })

  it('refuses unknown keys and wrong values, naming their path', () => {
    expect(() => parseConfig('database: {}\ngatway: {}')).toThrow(/gatway/)
    expect(() => parseConfig('database: {}\ngateway: { deadline: 5 minutes }')).toThrow(/gateway\.deadline/)
    expect(() => parseConfig('database: {}\ngateway: { listenAddress: nowhere }')).toThrow(
      /gateway\.listenAddress/,
    )
  })

  it('reads durations of several units', () => {
    expect(parseConfig('database: {}\ngateway: { deadline: 1m30s }').gateway.deadline).toBe(90_000)
  })

  it('reads secrets from files relative to itself', () => {
    writeFileSync(join(folder, 'url'), 'postgres://from-file\n')
    writeFileSync(join(folder, 'secret'), 'hush\n')
    const file = join(folder, 'config.yaml')
    writeFileSync(
      file,
      'database: { urlFile: url }\nissuers: [{ name: a, issuer: "https://login.example", clientId: x, clientSecret: { file: secret } }]\n',
    )
    const config = loadConfig(file)
    expect(config.database.url).toBe('postgres://from-file')
    expect(config.issuers[0]?.clientSecret?.value).toBe('hush')
    expect(config.audit.spoolDir).toBe(join(folder, 'audit-spool'))
  })

  it('takes paths of audit settings relative to itself, and wants distinct names', () => {
    const file = join(folder, 'audit.yaml')
    const text = (second: string): string => `
database: {}
audit:
  signingKeyFile: seal.pem
  labelValues: { keyFile: values.key }
  anchors: [{ kind: file, name: worm, path: anchors.ndjson }]
  sinks:
    - { kind: webhook, name: siem, url: "https://siem.example", authorizationFile: siem.token }
    - { kind: stdout, name: ${second} }`
    writeFileSync(file, text('out'))
    const { audit } = loadConfig(file)
    expect(audit.signingKeyFile).toBe(join(folder, 'seal.pem'))
    expect(audit.labelValues?.keyFile).toBe(join(folder, 'values.key'))
    expect(audit.anchors).toMatchObject([{ path: join(folder, 'anchors.ndjson') }])
    expect(audit.sinks[0]).toMatchObject({ authorizationFile: join(folder, 'siem.token'), identities: false })
    expect(audit.sealEvery).toBe(60_000)
    expect(() => parseConfig(text('siem'))).toThrow(/names must differ/)
  })

  it('takes no name or address that people choose for an attribute, and no two issuers of one name', () => {
    const issuer = (attributes: readonly string[]) => ({
      name: 'a',
      issuer: 'https://login.example',
      clientId: 'x',
      attributes,
    })
    const parse = (...issuers: readonly object[]) =>
      parseConfig(JSON.stringify({ database: { url: 'postgres://localhost/x' }, issuers }))
    expect(parse(issuer(['org.unit'])).issuers[0]?.attributes).toEqual(['org.unit'])
    for (const claim of ['email', 'name', 'preferred_username', 'upn', 'a=b', 'a b', ''])
      expect(() => parse(issuer([claim]))).toThrow(/attributes/)
    expect(() => parse(issuer([]), issuer([]))).toThrow(/names must differ/)
    expect(() => parse(issuer([]), { ...issuer([]), name: 'b' })).toThrow(/issuer URLs must differ/)
  })

  it('takes no idle time shorter than the time between two notes of a use', () => {
    const idle = (sessionIdle: string) => () =>
      parseConfig(JSON.stringify({ database: { url: 'postgres://localhost/x' }, control: { sessionIdle } }))
    expect(idle('59s')).toThrow(/at least 1m/)
    expect(idle('1m')().control.sessionIdle).toBe(60_000)
  })

  it('accepts the example', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../deploy/config.example.yaml'), 'utf8')
    expect(parseConfig(text).issuers[0]?.algorithms).toEqual(['RS256'])
  })
})
