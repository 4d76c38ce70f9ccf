import type { Matcher } from '@gatehouse/promql'
import type { ShardSlice } from '@gatehouse/query'
import { dataStart, tenants } from './data.ts'

/** The kinds of shard maps under test. */
export type MapName =
  | 'two'
  | 'three'
  | 'by label'
  | 'by metric name'
  | 'by time'
  | 'by tenant and time'
  | 'by label and time'

const ofTenants = (list: string): ShardSlice => ({ tenants: list.split('') })

const matching = (name: string, op: Matcher['op'], value: string): ShardSlice => ({
  tenants,
  matchers: [{ name, op, value }],
})

const minute = (n: number) => ({ at: dataStart + n * 60_000 })

// The oldest five minutes are in the long-term shards only, the newest thirty-five in the recent ones only.
const recent = { samples: { from: minute(5) } }
const longTerm = { samples: { until: minute(65) } }

const named = '(temp|n|h).*'

/** Shards by name, and what they hold; a name stands for the same slice in every map. */
export const shardMaps: ReadonlyMap<MapName, readonly (readonly [name: string, slice: ShardSlice])[]> =
  new Map([
    [
      'two',
      [
        ['abcd', ofTenants('abcd')],
        ['ef', ofTenants('ef')],
      ],
    ],
    [
      'three',
      [
        ['ab', ofTenants('ab')],
        ['cd', ofTenants('cd')],
        ['ef', ofTenants('ef')],
      ],
    ],
    [
      'by label',
      [
        ['prod', matching('env', '=', 'prod')],
        ['others', matching('env', '!=', 'prod')],
      ],
    ],
    [
      'by metric name',
      [
        ['named', matching('__name__', '=~', named)],
        ['unnamed', matching('__name__', '!~', named)],
      ],
    ],
    [
      'by time',
      [
        ['recent', { tenants, ...recent }],
        ['long', { tenants, ...longTerm }],
      ],
    ],
    [
      'by tenant and time',
      [
        ['recent', { tenants, ...recent }],
        ['long-abcd', { ...ofTenants('abcd'), ...longTerm }],
        ['long-ef', { ...ofTenants('ef'), ...longTerm }],
      ],
    ],
    [
      'by label and time',
      [
        ['prod', matching('env', '=', 'prod')],
        ['others-recent', { ...matching('env', '!=', 'prod'), ...recent }],
        ['others-long', { ...matching('env', '!=', 'prod'), ...longTerm }],
      ],
    ],
  ])
