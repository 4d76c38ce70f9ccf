import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'

/** What the services' configuration is made of. URLs and ports are on loopback. */
export interface ConfigInput {
  readonly adminUrl: string
  readonly appUrl: string
  readonly gatewayPort: number
  readonly controlPort: number
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Ed25519 private key that seals the audit log. */
  readonly auditKeyFile: string
  /** Where the log's checkpoints are kept outside the database. */
  readonly checkpointsFile: string
  /** Where data owners are told of break-glass access, and what signs it. */
  readonly notices: { readonly orgs: readonly string[]; readonly url: string; readonly secret: string }
}

/** Writes the configuration of gateway and control, as `gatehouse serve --config.file` reads it; mode 0600, it holds secrets. */
export function writeConfigFile(file: string, input: ConfigInput): void {
  const config = {
    database: { url: input.appUrl, adminUrl: input.adminUrl },
    gateway: { listenAddress: `127.0.0.1:${input.gatewayPort}` },
    control: {
      listenAddress: `127.0.0.1:${input.controlPort}`,
      externalUrl: `http://127.0.0.1:${input.controlPort}`,
      gatewayUrl: `http://127.0.0.1:${input.gatewayPort}`,
    },
    issuers: [
      {
        name: 'demo',
        title: 'Demo identity provider',
        issuer: input.issuer,
        clientId: input.clientId,
        clientSecret: { value: input.clientSecret },
      },
    ],
    notifications: {
      dataOwners: input.notices.orgs.map((org) => ({
        org,
        webhook: { url: input.notices.url, secret: { value: input.notices.secret } },
      })),
    },
    audit: {
      spoolDir: 'audit-spool',
      signingKeyFile: input.auditKeyFile,
      // Who looks at a demo does not wait a minute to see the log sealed.
      sealEvery: '10s',
      anchors: [{ kind: 'file', name: 'checkpoints', path: input.checkpointsFile }],
    },
  }
  const head = '# Written by `npm start` at each start; holds secrets.\n'
  writeFileSync(file, head + stringify(config), { mode: 0o600 })
}
