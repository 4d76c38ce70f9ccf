import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { createNetworks } from '@gatehouse/config'
import { describe, expect, it } from 'vitest'
import { clientAddress } from './client-address.ts'

function from(peer: string, forwarded: string | undefined): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const message = new IncomingMessage(socket)
  if (forwarded !== undefined) message.headers['x-forwarded-for'] = forwarded
  return message
}

describe('the address of a client', () => {
  it.each<[string, string, string | undefined, string]>([
    ['is the peer’s without a header', '10.0.0.1', undefined, '10.0.0.1'],
    ['is the peer’s if it is not trusted', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['is what a trusted proxy says', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['is not what the client itself wrote before', '10.0.0.1', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['goes through several trusted proxies', '10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['stops at the first that is not trusted', '10.0.0.1', '1.2.3.4, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['is the last proxy’s if all are trusted', '10.0.0.1', '10.0.0.3', '10.0.0.3'],
    ['knows a port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['knows IPv6', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['knows IPv4 written as IPv6', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['believes no nonsense', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['believes nothing empty', '10.0.0.1', '', '10.0.0.1'],
  ])('%s', (_name, peer, forwarded, expected) => {
    expect(clientAddress(from(peer, forwarded), createNetworks(['10.0.0.0/8']))).toBe(expected)
  })

  it('is the peer’s where no proxy is named', () => {
    expect(clientAddress(from('10.0.0.1', '198.51.100.1'), createNetworks([]))).toBe('10.0.0.1')
  })
})
