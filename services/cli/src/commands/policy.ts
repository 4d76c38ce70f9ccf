import { Command } from 'commander'
import { rehearseCommand } from './rehearse.ts'

/** `gatehouse policy`: access declared in files. */
export function policyCommand(): Command {
  return new Command('policy').description('access declared in files').addCommand(rehearseCommand())
}
