import { probeReady } from '@gatehouse/http'
import { Command } from 'commander'

/** `gatehouse healthcheck`: for container health checks; fails unless the service says it is ready. */
export function healthcheckCommand(): Command {
  return new Command('healthcheck')
    .description('ask a running service whether it is ready; exit code 1 if it is not')
    .option('--url <url>', 'base URL of the gateway or control', 'http://127.0.0.1:9091')
    .option('--cert-file <path>', 'the certificate it shows, trusted whatever its name')
    .action(async (options: { readonly url: string; readonly certFile?: string }) => {
      const { isReady, text } = await probeReady(options.url, options.certFile)
      console.log(text)
      if (!isReady) process.exitCode = 1
    })
}
