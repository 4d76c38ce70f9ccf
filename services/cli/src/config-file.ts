import { existsSync } from 'node:fs'
import { type Config, loadConfig } from '@gatehouse/config'

/** Where `npm start` writes the demo's configuration: the default of commands that read a running system. */
export const demoConfigFile = '.gatehouse/config.yaml'

/** Help text of `--config.file`, the same for every command that has the default. */
export const configFileHelp = `configuration file (YAML); default ${demoConfigFile} if it is there`

/**
 * Loads the named configuration file, or the demo's.
 * @throws Error if none is named and the demo has none, or it is not valid.
 */
export function loadConfigFile(named: string | undefined): Config {
  const file = named ?? (existsSync(demoConfigFile) ? demoConfigFile : undefined)
  if (file === undefined) throw new Error('--config.file is required')
  return loadConfig(file)
}
