import { CommanderError } from 'commander'
import { createProgram } from './program.ts'

// Exit codes: 0 done, 1 the command found something wrong (a difference, a broken chain), 2 it could not run.
try {
  await createProgram().parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    console.error(`gatehouse: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 2
  }
}
