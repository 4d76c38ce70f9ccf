import { Command } from 'commander'
import { auditCommand } from './commands/audit/index.ts'
import { authCommand } from './commands/auth.ts'
import { dashboardsCommand } from './commands/dashboards.ts'
import { grafanaCommand } from './commands/grafana.ts'
import { healthcheckCommand } from './commands/healthcheck.ts'
import { migrateCommand } from './commands/migrate.ts'
import { policyCommand } from './commands/policy.ts'
import { queriesCommand } from './commands/queries.ts'
import { serveCommand } from './commands/serve.ts'
import { tokenCommand } from './commands/token.ts'

/** Commander overrides the exit of one command only; a usage error anywhere is exit code 2. */
function withOwnExit(command: Command): Command {
  command.commands.forEach(withOwnExit)
  return command.exitOverride()
}

/** The `gatehouse` command line: every command of the product hangs here. */
export function createProgram(): Command {
  const program = new Command('gatehouse')
    .description('Multi-tenant observability gateway with RBAC in front of sharded Prometheus servers')
    .version('0.1.0')
    .showHelpAfterError()
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(healthcheckCommand())
    .addCommand(auditCommand())
    .addCommand(dashboardsCommand())
    .addCommand(policyCommand())
    .addCommand(authCommand())
    .addCommand(tokenCommand())
    .addCommand(grafanaCommand())
    .addCommand(queriesCommand())
  return withOwnExit(program)
}
