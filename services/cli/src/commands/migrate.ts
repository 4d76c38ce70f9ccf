import { loadConfig } from '@gatehouse/config'
import { migrate } from '@gatehouse/store'
import { Command } from 'commander'

/** `gatehouse migrate`: brings the database to this version's schema; needs the owner role's URL. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to the schema of this version (forward only, safe to run twice at once)')
    .requiredOption('--config.file <path>', 'configuration file (YAML) with database.adminUrl')
    .action(async (options: Record<string, string>) => {
      const { adminUrl } = loadConfig(String(options['config.file'])).database
      if (adminUrl === undefined)
        throw new Error('database.adminUrl or database.adminUrlFile is required to migrate')
      const applied = await migrate(adminUrl)
      console.log(applied.length === 0 ? 'already up to date' : `applied ${applied.join(', ')}`)
    })
}
