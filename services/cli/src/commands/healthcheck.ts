import { Command } from 'commander'

/** `gatehouse healthcheck`: for container health checks; fails unless the service says it is ready. */
export function healthcheckCommand(): Command {
  return new Command('healthcheck')
    .description('ask a running service whether it is ready; exit code 1 if it is not')
    .option('--url <url>', 'base URL of the gateway or control', 'http://127.0.0.1:9091')
    .action(async ({ url }: { url: string }) => {
      const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_500) }).catch(
        () => undefined,
      )
      console.log(response === undefined ? `${url} does not answer` : (await response.text()).trim())
      if (response?.ok !== true) process.exitCode = 1
    })
}
