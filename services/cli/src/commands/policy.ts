import { Command } from 'commander'
import { checkCommand, testCommand } from './policy-check.ts'
import { applyCommand, planCommand } from './policy-plan.ts'
import { releaseCommand } from './policy-release.ts'
import { rehearseCommand } from './rehearse.ts'

/** `gatehouse policy`: access declared in files. */
export function policyCommand(): Command {
  return new Command('policy')
    .description('access declared in files')
    .addCommand(checkCommand())
    .addCommand(testCommand())
    .addCommand(planCommand())
    .addCommand(applyCommand())
    .addCommand(releaseCommand())
    .addCommand(rehearseCommand())
}
