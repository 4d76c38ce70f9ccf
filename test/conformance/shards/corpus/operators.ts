import { entries } from './entry.ts'

const arithmetic = ['+', '-', '*', '/', '%', '^', 'atan2']
const comparisons = ['==', '!=', '<', '>', '<=', '>=']
const sets = ['and', 'or', 'unless']

const scalars = [
  ...arithmetic.flatMap((op) => [
    `temperature ${op} 3`,
    `3 ${op} temperature`,
    `sum by (env) (temperature) ${op} 7`,
    `2 ${op} sum(special)`,
    `7 ${op} 2`,
  ]),
  ...comparisons.flatMap((op) => [
    `temperature ${op} 24`,
    `24 ${op} temperature`,
    `temperature ${op} bool 24`,
    `sum by (env) (temperature) ${op} 200`,
    `200 ${op} bool sum by (env) (temperature)`,
    `7 ${op} bool 2`,
    `avg by (kind) (special) ${op} bool 0`,
  ]),
  '1 / 0',
  '-1 / 0',
  '0 / 0',
  '1 ^ NaN',
  '(-1) ^ Inf',
  '-2 ^ 2',
  '2 ^ 3 ^ 2',
  '-5 % 3',
  '5 % -3',
  'sum(quota) % 7',
  '1 + 2 * 3 - 4 / 5',
  'temperature * scalar(sum(up))',
]

const onInstance = [...arithmetic, ...comparisons].map(
  (op) => `temperature ${op} on (instance) temperature_limit`,
)

const matching = [
  ...arithmetic.map((op) => `sum by (env) (temperature) ${op} sum by (env) (temperature_limit)`),
  ...comparisons.flatMap((op) => [
    `sum by (env) (temperature) ${op} sum by (env) (temperature_limit)`,
    `sum by (instance) (temperature) ${op} bool sum by (instance) (temperature_limit)`,
  ]),
  ...onInstance,
  'temperature - temperature_limit',
  'temperature / ignoring (job) temperature_limit',
  'temperature / ignoring (tenant) temperature_limit',
  'temperature > bool temperature_limit',
  'temperature > temperature_limit',
  'flicker + holes',
  'flicker / on (instance, env) holes',
  'temperature + nothing',
  'nothing + temperature',
  'sum by (env) (temperature) + on (env) sum by (env, job) (temperature_limit)',
  'sum by (env, job) (temperature) + ignoring (job) sum by (env) (temperature_limit)',
  'lone / on (job) sum by (job) (quota)',
  // What matches alike is refused wherever the other side is.
  'lone > on (tenant) temperature{tenant="a"}',
  'lone * on (tenant, env) group_left () temperature{tenant!="d"}',
  'temperature{tenant="a"} + on (tenant, env) group_right () lone',
  'lone * on (tenant) group_left () up',
  'lone and on (tenant) temperature{tenant="a"}',
  'lone - on () sum(temperature)',
  'pair / on (job) sum by (job) (pair)',
  'pair + on (job) pair',
  'pair + on () lone',
  'temperature * on (env) temperature_limit',
  'temperature + ignoring (instance) temperature_limit',
  'pair{tenant="a"} + on (job) pair{tenant="b"}',
  'temperature{tenant="a"} + on (env) temperature{tenant="f"}',
  'temperature{tenant="a"} > on (env) temperature{tenant="f"}',
  'sum(temperature{tenant="a"}) + sum(temperature{tenant="f"})',
]

const grouped = [
  'temperature * on (instance) group_left (rack, zone) node_meta',
  'temperature * on (instance) group_left () node_meta',
  'temperature * on (tenant, instance) group_left (rack) node_meta',
  'node_meta * on (instance) group_right (rack) temperature',
  'temperature / on (tenant) group_left () quota',
  'quota * on (tenant) group_right () temperature',
  'temperature / on (job) group_left () sum by (job) (temperature)',
  'temperature / ignoring (instance, env, tenant, team) group_left () sum by (job) (temperature)',
  'sum by (job) (temperature) - on (job) group_right () temperature',
  'temperature * on (job) group_left (team) lone',
  'temperature * on (env) group_left () node_meta',
  'temperature > on (tenant) group_left () (quota / 20)',
  'temperature > bool on (tenant) group_left () (quota / 20)',
  'sum by (rack) (temperature * on (instance) group_left (rack) node_meta)',
  'sum by (version) (quota * on (tenant) group_left (version) build_info)',
  'quota * on (job) group_left (version) build_info',
  'count by (zone, rack) (node_meta) * on (zone) group_left () count by (zone) (node_meta)',
  'sum by (env, tenant) (temperature) / on (env) group_left () sum by (env) (temperature)',
  'sum by (env, tenant) (temperature) / on (env) group_left (missing) sum by (env) (temperature)',
  'sum by (env, job) (temperature) * on (env) group_left (job) sum by (env) (temperature)',
]

const setOperators = [
  ...sets.flatMap((op) => [
    `temperature ${op} temperature_limit`,
    `temperature ${op} on (instance) node_meta`,
    `temperature ${op} on (env) flicker`,
    `temperature ${op} ignoring (job) flicker`,
    `flicker ${op} holes`,
    `sum by (env) (flicker) ${op} sum by (env) (holes)`,
    `sum by (instance) (temperature) > 22 ${op} sum by (instance) (temperature_limit) > 24`,
    `temperature ${op} nothing`,
    `nothing ${op} temperature`,
    `temperature ${op} on () lone`,
    `lone ${op} on () temperature`,
    `native ${op} on (tenant) quota`,
    `quota ${op} on (tenant) native`,
    `sum(temperature) ${op} vector(1)`,
    `temperature{tenant="a"} ${op} temperature{tenant="f"}`,
    `pair ${op} on (job) lone`,
    `topk(3, load1) ${op} load1`,
    `{__name__=~"temperature|quota"} ${op} quota`,
  ]),
  'temperature or vector(0)',
  'sum(nothing) or vector(0)',
  'sum(flicker{instance="a-0"}) or vector(-1)',
  'temperature > 25 or temperature < 18',
  'temperature > 20 and temperature < 24 unless on (instance) flicker',
  'up == 0 or absent(nothing)',
  'count(up == 0) or count(up) * 0',
]

export const operators = [
  ...entries('operators with scalars', scalars),
  ...entries('one-to-one matching', matching),
  ...entries('grouped matching', grouped),
  ...entries('set operators', setOperators),
]
