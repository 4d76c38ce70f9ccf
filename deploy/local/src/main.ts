import { type PrometheusVersion, promtoolPath } from './prometheus/start.ts'
import { type Demo, startDemo } from './start/demo.ts'
import { helpText, parseOptions, type StartOptions } from './start/options.ts'
import { createProgress, seconds } from './start/progress.ts'
import { welcome } from './start/welcome.ts'

// What `npm start` runs. Exit codes: 0 stopped on request, 1 something failed, 2 the command line is wrong.

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Resolves at the first signal to stop; a second one ends this process at once, and the children with it. */
function firstSignal(): Promise<'signal'> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (asked) process.exit(130)
        asked = true
        resolve('signal')
      })
  })
}

async function run(options: StartOptions): Promise<number> {
  const began = performance.now()
  const stopping = firstSignal()
  console.log('Starting Gatehouse\n')
  const starting = startDemo(
    options,
    createProgress((line) => console.log(line)),
  )
  const demo = await Promise.race([starting, stopping])
  if (demo === 'signal') {
    console.log('\nStopping what has been started (again to force)')
    await starting.then((started) => started.stop()).catch(() => undefined)
    return 0
  }
  show(demo, options.prometheus, performance.now() - began)
  const ended = await Promise.race([stopping, demo.failed])
  if (ended !== 'signal') console.error(`\nnpm start: ${ended}`)
  console.log('\nStopping (again to force)')
  await demo.stop()
  console.log('Stopped; what it has learnt is kept for the next start')
  return ended === 'signal' ? 0 : 1
}

function show({ ready, state }: Demo, prometheus: PrometheusVersion, took: number): void {
  const { readyFile, promtool } = state
  console.log(welcome(ready, { readyFile, promtool, promtoolPath: promtoolPath(prometheus) ?? 'promtool' }))
  console.log(`Ready after ${seconds(took)}`)
}

// A reader that goes away (`npm start | head`) is no reason to end.
process.stdout.on('error', () => undefined)

let exitCode = 0
try {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') console.log(helpText)
  else exitCode = await run(options)
} catch (error) {
  console.error(`npm start: ${sentence(error)}`)
  exitCode = error instanceof TypeError ? 2 : 1
}
// Nothing is left to wait for, whatever connections are still idle.
process.exit(exitCode)
