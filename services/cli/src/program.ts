import { Command } from 'commander'
import { auditCommand } from './commands/audit/index.ts'
import { dashboardsCommand } from './commands/dashboards.ts'
import { healthcheckCommand } from './commands/healthcheck.ts'
import { migrateCommand } from './commands/migrate.ts'
import { policyCommand } from './commands/policy.ts'
import { serveCommand } from './commands/serve.ts'

/** The `gatehouse` command line: every command of the product hangs here. */
export function createProgram(): Command {
  return new Command('gatehouse')
    .description('Multi-tenant observability gateway with RBAC in front of sharded Prometheus servers')
    .version('0.1.0')
    .showHelpAfterError()
    .exitOverride()
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(healthcheckCommand())
    .addCommand(auditCommand())
    .addCommand(dashboardsCommand())
    .addCommand(policyCommand())
}
