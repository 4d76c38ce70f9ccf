import type { Endpoint } from '../endpoints.ts'

const common = {
  root: 'alertmanager',
  treatment: 'filter',
  selectors: 'none',
  merge: 'none',
  isCacheable: false,
} as const
const filters = { filter: 'texts' } as const
const states = { ...filters, active: 'flag', silenced: 'flag', inhibited: 'flag', receiver: 'text' } as const

/** Alertmanager's API v2, below `/alertmanager/{data-source}`. Alerts are not accepted: anybody could forge and resolve them. */
export const alertmanagerEndpoints = [
  {
    ...common,
    name: 'am_status',
    path: '/api/v2/status',
    methods: ['GET'],
    parameters: {},
    action: 'alert.instances:read',
    auditCode: 'Q006',
  },
  {
    ...common,
    name: 'am_receivers',
    path: '/api/v2/receivers',
    methods: ['GET'],
    parameters: {},
    action: 'alert.instances:read',
    auditCode: 'Q005',
  },
  {
    ...common,
    name: 'am_alerts',
    path: '/api/v2/alerts',
    methods: ['GET'],
    parameters: { ...states, unprocessed: 'flag' },
    action: 'alert.instances:read',
    auditCode: 'Q005',
  },
  {
    ...common,
    name: 'am_groups',
    path: '/api/v2/alerts/groups',
    methods: ['GET'],
    parameters: { ...states, muted: 'flag' },
    action: 'alert.instances:read',
    auditCode: 'Q005',
  },
  {
    ...common,
    name: 'am_silences',
    path: '/api/v2/silences',
    methods: ['GET'],
    parameters: { ...filters, active: 'flag', pending: 'flag', expired: 'flag', creator: 'texts' },
    action: 'alert.silences:read',
    auditCode: 'Q005',
  },
  {
    ...common,
    name: 'am_write_silence',
    path: '/api/v2/silences',
    methods: ['POST'],
    body: 'json',
    parameters: {},
    action: 'alert.silences:write',
    auditCode: 'Q013',
  },
  {
    ...common,
    name: 'am_silence',
    path: '/api/v2/silence/{id}',
    methods: ['GET'],
    parameters: {},
    action: 'alert.silences:read',
    auditCode: 'Q005',
  },
  {
    ...common,
    name: 'am_expire_silence',
    path: '/api/v2/silence/{id}',
    methods: ['DELETE'],
    parameters: {},
    action: 'alert.silences:write',
    auditCode: 'Q013',
  },
] as const satisfies readonly Endpoint[]
