import { parseArgs } from 'node:util'
import { loadConfig } from '@gatehouse/config'
import { closeOnSignal } from '@gatehouse/http'
import { createLogger } from '@gatehouse/telemetry'
import { startControl } from './server.ts'

const { values } = parseArgs({ options: { 'config.file': { type: 'string' } } })
const file = values['config.file']
if (file === undefined) throw new Error('--config.file is required')
const config = loadConfig(file)
const log = createLogger({ name: 'control', ...config.log })
const control = await startControl(config, { log })
closeOnSignal(control.close, (error) => log.error({ detail: String(error) }, 'did not stop cleanly'))
