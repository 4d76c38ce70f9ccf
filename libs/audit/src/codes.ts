/**
 * The closed table of event codes: resource letter, number, severity. Codes are stable: once released, a row is never renamed
 * or removed, and a number is never used again. The reference page is generated from this table.
 *
 * Letters: Q queries, V views of the control plane, L sign-in, T tokens, A access changes, C catalogue (data sources, folders,
 * dashboards), E the audit log itself, X break-glass, S the system. Severities: I done, W done with a
 * reservation, D denied, E failed.
 */
export const eventTable = {
  Q001: { I: 'Query answered', D: 'Query denied', E: 'Query failed' },
  Q002: { W: 'Query answered in part: some shards are missing' },
  Q003: { W: 'Query canceled by the client' },
  Q004: { I: 'Series or labels read', D: 'Series or labels denied', E: 'Series or labels failed' },
  Q005: { I: 'Rules or alerts read', D: 'Rules or alerts denied', E: 'Rules or alerts failed' },
  Q006: { I: 'Metadata or status read', D: 'Metadata or status denied', E: 'Metadata or status failed' },
  Q007: { D: 'Endpoint not served' },
  Q008: { D: 'Request not authenticated' },
  Q009: { D: 'Request refused by a limit' },
  Q010: { E: 'Request malformed' },
  Q011: {
    I: 'Long answer sent to its end',
    W: 'Answer given up by the client',
    E: 'Answer broke off before its end',
  },
  Q013: { I: 'Silence written', D: 'Silence denied', E: 'Silence failed' },
  Q014: { I: 'Query explained', D: 'Query explanation denied', E: 'Query explanation failed' },
  V001: { I: 'Control resource read', D: 'Control resource denied', E: 'Control resource failed' },
  V002: { D: 'Control endpoint not served' },
  V003: { D: 'Control request not authenticated' },
  V004: { E: 'Control request malformed' },
  V005: { D: 'Control request refused by a limit' },
  V006: { I: 'Access explained', D: 'Access explanation denied', E: 'Access explanation failed' },
  L001: { I: 'Signed in', D: 'Sign-in denied', E: 'Sign-in failed' },
  L002: { I: 'Signed out', E: 'Sign-out failed' },
  L003: { I: 'Session revoked', D: 'Session revocation denied', E: 'Session revocation failed' },
  L005: { I: 'Sign-in begun', E: 'Sign-in could not begin' },
  T001: { I: 'Token created', D: 'Token creation denied', E: 'Token creation failed' },
  T002: { I: 'Token revoked', D: 'Token revocation denied', E: 'Token revocation failed' },
  T004: { I: 'Token rotated', D: 'Token rotation denied', E: 'Token rotation failed' },
  A001: { I: 'Role created', D: 'Role creation denied', E: 'Role creation failed' },
  A002: { I: 'Role changed', D: 'Role change denied', E: 'Role change failed' },
  A003: { I: 'Role deleted', D: 'Role deletion denied', E: 'Role deletion failed' },
  A004: { I: 'Grant created', D: 'Grant creation denied', E: 'Grant creation failed' },
  A006: { I: 'Grant revoked', D: 'Grant revocation denied', E: 'Grant revocation failed' },
  A007: { I: 'Team created', D: 'Team creation denied', E: 'Team creation failed' },
  A008: { I: 'Team changed', D: 'Team change denied', E: 'Team change failed' },
  A009: { I: 'Team deleted', D: 'Team deletion denied', E: 'Team deletion failed' },
  A010: { I: 'User created', D: 'User creation denied', E: 'User creation failed' },
  A011: { I: 'User changed', D: 'User change denied', E: 'User change failed' },
  A012: { I: 'User disabled', D: 'User disabling denied', E: 'User disabling failed' },
  A013: { I: 'Org created', D: 'Org creation denied', E: 'Org creation failed' },
  A014: { I: 'Org changed', D: 'Org change denied', E: 'Org change failed' },
  A015: { I: 'Org deleted', D: 'Org deletion denied', E: 'Org deletion failed' },
  A016: {
    I: 'Service account created',
    D: 'Service account creation denied',
    E: 'Service account creation failed',
  },
  A017: {
    I: 'Service account changed',
    D: 'Service account change denied',
    E: 'Service account change failed',
  },
  A018: {
    I: 'Service account deleted',
    D: 'Service account deletion denied',
    E: 'Service account deletion failed',
  },
  A019: { I: 'Guardrail changed', D: 'Guardrail change denied', E: 'Guardrail change failed' },
  A020: { I: 'Policy applied', D: 'Policy denied', E: 'Policy failed' },
  A021: { W: 'Grant expired' },
  A022: { I: 'Policy change rehearsed', D: 'Rehearsal denied', E: 'Rehearsal failed' },
  A023: { I: 'Access requested', D: 'Access request denied', E: 'Access request failed' },
  A024: { I: 'Access request approved', D: 'Approval denied', E: 'Approval failed' },
  A025: { I: 'Access request turned down', D: 'Turning down denied', E: 'Turning down failed' },
  A026: { I: 'Access request withdrawn', D: 'Withdrawal denied', E: 'Withdrawal failed' },
  A040: { I: 'Queries stopped', D: 'Stopping queries denied', E: 'Stopping queries failed' },
  A041: {
    I: 'Order to stop queries taken back',
    D: 'Taking an order back denied',
    E: 'Taking an order back failed',
  },
  A042: { I: 'Running query cancelled', D: 'Cancelling a query denied', E: 'Cancelling a query failed' },
  C001: { I: 'Data source created', D: 'Data source creation denied', E: 'Data source creation failed' },
  C002: { I: 'Data source changed', D: 'Data source change denied', E: 'Data source change failed' },
  C003: { I: 'Data source deleted', D: 'Data source deletion denied', E: 'Data source deletion failed' },
  C004: { I: 'Folder created', D: 'Folder creation denied', E: 'Folder creation failed' },
  C005: { I: 'Folder changed', D: 'Folder change denied', E: 'Folder change failed' },
  C006: { I: 'Folder deleted', D: 'Folder deletion denied', E: 'Folder deletion failed' },
  C007: { I: 'Dashboard created', D: 'Dashboard creation denied', E: 'Dashboard creation failed' },
  C008: { I: 'Dashboard changed', D: 'Dashboard change denied', E: 'Dashboard change failed' },
  C009: { I: 'Dashboard deleted', D: 'Dashboard deletion denied', E: 'Dashboard deletion failed' },
  E001: { I: 'Audit log searched', D: 'Audit search denied', E: 'Audit search failed' },
  E002: { I: 'Audit event opened', D: 'Audit event denied', E: 'Audit event failed' },
  E003: { I: 'Audit export requested', D: 'Audit export denied', E: 'Audit export failed' },
  E004: { I: 'Audit export downloaded', D: 'Audit download denied', E: 'Audit download failed' },
  E005: { I: 'Audit log verified', D: 'Audit verification denied', E: 'Audit verification found a fault' },
  E006: { I: 'Label values revealed', D: 'Reveal denied', E: 'Reveal failed' },
  E007: { I: 'Legal hold set', D: 'Legal hold denied', E: 'Legal hold failed' },
  E008: { I: 'Legal hold released', D: 'Legal hold release denied', E: 'Legal hold release failed' },
  E009: { I: 'Audit events purged', D: 'Audit purge denied', E: 'Audit purge failed' },
  E010: { I: 'Identity erased', D: 'Identity erasure denied', E: 'Identity erasure failed' },
  E011: { I: 'Person exported', D: 'Person export denied', E: 'Person export failed' },
  E012: { I: 'Saved view changed', D: 'Saved view change denied', E: 'Saved view change failed' },
  E013: { I: 'Checkpoint key rotated', E: 'Checkpoint key rotation failed' },
  E014: {
    I: 'Audit verification requested',
    D: 'Audit verification request denied',
    E: 'Audit verification request failed',
  },
  E015: { I: 'Audit export cancelled', D: 'Audit cancelling denied', E: 'Audit cancelling failed' },
  X001: { I: 'Break-glass opened', D: 'Break-glass denied', E: 'Break-glass failed' },
  X002: { I: 'Break-glass closed', W: 'Break-glass expired' },
  X003: { W: 'Break-glass access used' },
  X004: { I: 'Break-glass reviewed', D: 'Break-glass review denied', E: 'Break-glass review failed' },
  X005: { I: 'Break-glass notice delivered', E: 'Break-glass notice could not be delivered' },
  X006: {
    I: 'Local administrator signed in',
    D: 'Local administrator refused',
    E: 'Local administrator could not sign in',
  },
  X007: { I: 'One-time code of a local administrator made' },
  S001: { I: 'Started' },
  S002: { I: 'Stopped' },
  S003: { I: 'Policy loaded', E: 'Policy could not be loaded' },
  S004: { I: 'Configuration loaded', E: 'Configuration could not be loaded' },
  S005: { I: 'Audit spool taken up after an unclean stop' },
  S006: { E: 'Audit spool damaged: part of it is set aside' },
  S007: { W: 'Audit log was unavailable: requests were refused' },
  S009: { W: 'Audit sink is behind', I: 'Audit sink has caught up' },
  S010: { E: 'Checkpoint could not be written or anchored' },
} as const satisfies Record<string, Partial<Record<Severity, string>>>

/** I done, W done with a reservation, D denied, E failed. */
export type Severity = 'I' | 'W' | 'D' | 'E'

type Table = typeof eventTable

/** A code of the table, such as `Q001I`. */
export type EventCode = { [K in keyof Table]: `${K}${Extract<keyof Table[K], string>}` }[keyof Table]

const rows: readonly (readonly [string, Readonly<Record<string, string>>])[] = Object.entries(eventTable)
const titles: ReadonlyMap<string, string> = new Map(
  rows.flatMap(([stem, bySeverity]) =>
    Object.entries(bySeverity).map(([severity, title]) => [stem + severity, title] as const),
  ),
)

/** Whether the text is a code of the table. */
export function isEventCode(text: string): text is EventCode {
  return titles.has(text)
}

/** Every code, in the table's order. */
export const eventCodes: readonly EventCode[] = [...titles.keys()].filter(isEventCode)

/** What a code means, in a few words; undefined for a code this version does not know. */
export function eventTitle(code: string): string | undefined {
  return titles.get(code)
}

/** Retention class of an event: how long it is kept is set per class. */
export type EventClass = 'query' | 'identity' | 'change'

/** All retention classes. */
export const eventClasses = ['query', 'identity', 'change'] as const satisfies readonly EventClass[]

/** Retention class of a code by its letter: Q and V are `query`, L is `identity`, the rest is `change`. */
export function eventClass(code: string): EventClass {
  const letter = code.charAt(0)
  if (letter === 'Q' || letter === 'V') return 'query'
  return letter === 'L' ? 'identity' : 'change'
}
