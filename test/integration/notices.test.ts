import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseConfig } from '@gatehouse/config'
import { createDelivery } from '@gatehouse/control'
import type { DueNotice } from '@gatehouse/store'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { type MailServer, type MailServerOptions, startMailServer } from '../support/mail-server.ts'

const authority = createAuthority()
const certificate = authority.issue(['127.0.0.1'])
const account = { user: 'gatehouse', password: 'correct horse' }
const usual = getCACertificates('default')
const servers: MailServer[] = []

beforeAll(() => setDefaultCACertificates([...usual, authority.cert]))
afterAll(() => setDefaultCACertificates(usual))
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: MailServerOptions): Promise<MailServer> {
  const server = await startMailServer(options)
  servers.push(server)
  return server
}

const notice: DueNotice = {
  orgUid: 'health',
  uid: 'n-1',
  channel: 'email',
  target: 'owner@example.org',
  message: { subject: 'Break-glass access opened: Bürgerdaten', text: 'By somebody.\n.\nA line with a dot.' },
  attempts: 1,
}

async function send(port: number, smtp: object): Promise<void> {
  const { notifications } = parseConfig(
    JSON.stringify({
      database: {},
      notifications: { smtp: { host: '127.0.0.1', port, from: 'gatehouse@example.org', ...smtp } },
    }),
  )
  const delivery = createDelivery(notifications)
  try {
    await delivery.deliver(notice)
  } finally {
    delivery.close()
  }
}
const signedIn = { username: account.user, password: { value: account.password } }

describe('mail', () => {
  it('goes out over STARTTLS, signed in', async () => {
    const server = await start({ certificate, account })
    await send(server.port, signedIn)
    const [mail] = server.mails
    expect(mail).toMatchObject({
      from: 'gatehouse@example.org',
      to: 'owner@example.org',
      isEncrypted: true,
      user: 'gatehouse',
    })
    expect(mail?.text).toContain('Subject: =?UTF-8?')
    expect(mail?.text).toContain('By somebody.\n')
    expect(mail?.text).toContain('Message-ID: <n-1@gatehouse>')
  })

  it('goes out over TLS from the start', async () => {
    const server = await start({ certificate, account, implicit: true })
    await send(server.port, { ...signedIn, tls: 'implicit' })
    expect(server.mails).toMatchObject([{ isEncrypted: true, user: 'gatehouse' }])
  })

  it('goes out unencrypted only when told so', async () => {
    const server = await start({})
    await expect(send(server.port, {})).rejects.toThrow(/STARTTLS|TLS/i)
    expect(server.mails).toEqual([])
    await send(server.port, { tls: 'none' })
    expect(server.mails).toMatchObject([{ isEncrypted: false, user: undefined }])
  })

  it('is not sent where encryption is stripped on the way, nor is the password', async () => {
    const server = await start({ account })
    await expect(send(server.port, signedIn)).rejects.toThrow(/STARTTLS|TLS/i)
    expect(server.attempts()).toBe(0)
    expect(server.mails).toEqual([])
  })

  it('is not sent to a server with a certificate of somebody else', async () => {
    const stranger = createAuthority('Stranger')
    for (const own of [stranger.issue(['127.0.0.1']), authority.issue(['mail.example.org'])]) {
      const server = await start({ certificate: own, account })
      await expect(send(server.port, signedIn)).rejects.toThrow(/certificate|altnames/i)
      expect([server.attempts(), server.mails]).toEqual([0, []])
    }
  })

  it('fails with a wrong password, a server that is busy, and none at all', async () => {
    const server = await start({ certificate, account })
    await expect(send(server.port, { ...signedIn, password: { value: 'wrong' } })).rejects.toThrow(
      /535|login/i,
    )
    await expect(send(server.port, {})).rejects.toThrow()
    server.failNext(1)
    await expect(send(server.port, signedIn)).rejects.toThrow(/451|try again/)
    expect(server.mails).toEqual([])
    await send(server.port, signedIn)
    expect(server.mails).toHaveLength(1)
    const { port } = server
    await Promise.all(servers.splice(0).map((one) => one.close()))
    await expect(send(port, signedIn)).rejects.toThrow(/ECONNREFUSED/)
  })
})
