import { existsSync, writeFileSync } from 'node:fs'
import { generateSigningKey } from '@gatehouse/store'

/** Makes the key that seals the audit log, once: what it has sealed must verify after a restart, too. */
export function makeAuditKey(file: string): void {
  if (existsSync(file)) return
  const { privatePem, publicPem } = generateSigningKey()
  writeFileSync(file, privatePem, { mode: 0o600, flag: 'wx' })
  writeFileSync(`${file}.pub`, publicPem, { mode: 0o644, flag: 'w' })
}
