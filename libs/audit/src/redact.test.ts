import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical.ts'
import { type AuditEvent, auditEventSchema } from './event.ts'
import { prepareEvent } from './prepare.ts'
import { redact } from './redact.ts'
import { storedEventSchema, toStoredEvent } from './stored.ts'
import { sampleEvent } from './sample.ts'

const sha256 = (text: string): string => hash('sha256', text)

const prepared = (event: AuditEvent): string => prepareEvent(toStoredEvent(event, 'p-1'), sha256)
const withQuery = (query: string): AuditEvent =>
  sampleEvent(1, { request: { method: 'GET', route: 'query', query } })
const queryOf = (text: string): string => storedEventSchema.parse(JSON.parse(text)).request.query ?? ''

const canary = 'CanaryCanaryCanary0123456789'
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.${canary}`

describe('prepareEvent', () => {
  it('prints a clean event as canonical JSON that fits the schema', () => {
    const text = prepared(sampleEvent())
    expect(canonicalJson(JSON.parse(text))).toBe(text)
    expect(storedEventSchema.parse(JSON.parse(text)).actor).not.toHaveProperty('name')
    expect(text).not.toContain('Ada Lovelace')
    expect(auditEventSchema.safeParse(sampleEvent()).success).toBe(true)
  })

  it.each([
    ['newline is kept', 'up\nor vector(1)', 'up\nor vector(1)'],
    ['carriage return', 'up # \r or secret', 'up # \\u{d} or secret'],
    ['terminal escape', 'up\u001b[31m', 'up\\u{1b}[31m'],
    ['NUL', 'up\u0000', 'up\\u{0}'],
    ['lone surrogate', 'up\ud800!', 'up\\u{d800}!'],
    ['right-to-left override', 'up\u202e', 'up\\u{202e}'],
    ['C1 control', 'up\u009b', 'up\\u{9b}'],
    ['words of other languages', 'métrique{tenant="ŵ😀"}', 'métrique{tenant="ŵ😀"}'],
  ])('escapes what could forge or fail: %s', (_, query, kept) => {
    expect(queryOf(prepared(withQuery(query)))).toBe(kept)
  })

  it.each([
    `up{x="gatehouse_sa_${canary}"}`,
    `up{x="${jwt}"}`,
    `Bearer ${canary}`,
    `up # password=${canary}`,
    `{"client_secret": "${canary}"}`,
    `__Host-gatehouse=${canary}; a=b`,
    `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----`,
    `${'x'.repeat(16_370)} gatehouse_sa_${canary}`,
  ])('keeps no secret: %s', (query) => {
    const text = prepared(withQuery(query))
    expect(text).not.toContain('Canary')
    expect(text).toContain('redacted')
  })

  it('keeps what merely looks a little like one', () => {
    const query = 'sum(gatehouse_requests_total) + kube_secret_info{token_type="x"} # basic'
    expect(queryOf(prepared(withQuery(query)))).toBe(query)
  })

  it('redacts secret members of a detail and bounds it', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`)
    const wide = Array.from({ length: 100_000 }, (_, i) => ({ i }))
    const detail = { clientSecret: canary, after: { password: canary, authorization: canary }, deep, wide }
    const text = prepared(sampleEvent(1, { detail }))
    expect(text).not.toContain('Canary')
    expect(text.length).toBeLessThan(300_000)
    expect(storedEventSchema.safeParse(JSON.parse(text)).success).toBe(true)
  })

  it('cuts a long text and names it by length and hash', () => {
    const query = `up # ${'x'.repeat(1_000_000)}`
    const kept = queryOf(prepared(withQuery(query)))
    expect(kept.length).toBeLessThan(16_500)
    expect(kept).toContain(`length ${query.length}, sha256 ${sha256(query)}`)
  })

  it('drops members the schema does not have', () => {
    const event = Object.assign(sampleEvent(), { body: canary })
    Object.assign(event.request, { headers: { authorization: canary } })
    expect(prepared(event)).not.toContain('Canary')
  })
})

describe('properties', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 3_000 })
  it('any request text gives a canonical, clean event that fits the schema and goes through JSON unchanged', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.dictionary(anyText, fc.anything()), (query, agent, detail) => {
        const text = prepared({ ...withQuery(query), from: { address: agent, userAgent: agent }, detail })
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(text).not.toMatch(/(?<!\\)\\u|\p{Cc}|\p{Surrogate}/u)
        expect(storedEventSchema.safeParse(JSON.parse(text)).success).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws and is idempotent on what it kept', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), (value) => {
        const once = redact(value, sha256)
        expect(redact(once, sha256)).toEqual(once)
      }),
    )
  })
})
