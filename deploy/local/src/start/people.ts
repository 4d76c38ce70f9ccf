/** Somebody of the demo; the password is made on the first start. */
export interface DemoPerson {
  readonly signIn: string
  readonly name: string
  readonly email: string
  readonly org: string
  /** IdP groups; `demo-access.yaml` maps them to teams. */
  readonly groups: readonly string[]
  readonly teams: readonly string[]
  readonly role: string
  /** What they may see, in words. */
  readonly sees: string
}

/** The people of the demo. */
export const demoPeople: readonly DemoPerson[] = [
  {
    signIn: 'asha',
    name: 'Asha Rao',
    email: 'asha@transport.example',
    org: 'transport',
    groups: ['transport-signals'],
    teams: ['signals'],
    role: 'ml-engineer',
    sees: 'team signals, prod and experiment',
  },
  {
    signIn: 'tom',
    name: 'Tom Weber',
    email: 'tom@transport.example',
    org: 'transport',
    groups: ['transport-signals-prod'],
    teams: ['signals-prod'],
    role: 'viewer',
    sees: 'team signals, prod only',
  },
  {
    signIn: 'olivia',
    name: 'Olivia Brandt',
    email: 'olivia@transport.example',
    org: 'transport',
    groups: ['transport-owners'],
    teams: ['owners'],
    role: 'viewer',
    sees: 'the dashboards of folder Models, no other query',
  },
  {
    signIn: 'nils',
    name: 'Nils Berg',
    email: 'nils@transport.example',
    org: 'transport',
    groups: ['transport-admins'],
    teams: ['admins'],
    role: 'org-admin',
    sees: 'all of transport; decides requests, reviews break-glass access',
  },
  {
    signIn: 'hana',
    name: 'Hana Sato',
    email: 'hana@health.example',
    org: 'health',
    groups: ['health-triage'],
    teams: ['triage'],
    role: 'ml-engineer',
    sees: 'team triage, prod and experiment',
  },
  {
    signIn: 'harry',
    name: 'Harry Okafor',
    email: 'harry@health.example',
    org: 'health',
    groups: ['health-auditors'],
    teams: ['auditors'],
    role: 'auditor',
    sees: 'the audit log, no series',
  },
  {
    signIn: 'rosa',
    name: 'Rosa Lind',
    email: 'rosa@revenue.example',
    org: 'revenue',
    groups: ['revenue-admins', 'revenue-fraud'],
    teams: ['admins', 'fraud'],
    role: 'org-admin',
    sees: 'all of revenue',
  },
  {
    signIn: 'olga',
    name: 'Olga Novak',
    email: 'olga@platform.example',
    org: 'platform',
    groups: ['platform-operators'],
    teams: ['operators'],
    role: 'operator',
    sees: 'orgs, data sources and shards, no series',
  },
]

/** A service-account token of the demo; its secret is made on the first start. */
export interface DemoToken {
  /** Also the service account's uid in `demo-access.yaml`. */
  readonly name: string
  readonly org: string
  readonly team: string
  readonly sees: string
}

export const demoTokens: readonly DemoToken[] = [
  { name: 'transport-signals', org: 'transport', team: 'signals', sees: 'team signals, prod and experiment' },
  { name: 'transport-signals-prod', org: 'transport', team: 'signals-prod', sees: 'team signals, prod only' },
  { name: 'health-triage', org: 'health', team: 'triage', sees: 'team triage, prod and experiment' },
  { name: 'revenue-fraud', org: 'revenue', team: 'fraud', sees: 'team fraud, prod and experiment' },
]

/** Every agency queries its own series under this uid. */
export const dataSourceUid = 'metrics'
