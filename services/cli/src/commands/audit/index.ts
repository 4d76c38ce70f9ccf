import { Command } from 'commander'
import { exportCommand } from './export.ts'
import { keepCommands } from './keep.ts'
import { keygenCommand, rotateCommand } from './keys.ts'
import { searchCommand } from './search.ts'
import { tailCommand } from './tail.ts'
import { verifyCommand } from './verify.ts'

/** `gatehouse audit`: reads, verifies and keeps the audit log. What it does to the log is in the log. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('read, verify and keep the audit log')
  for (const command of [
    tailCommand(),
    searchCommand(),
    exportCommand(),
    verifyCommand(),
    keygenCommand(),
    rotateCommand(),
    ...keepCommands(),
  ])
    audit.addCommand(command)
  return audit
}
