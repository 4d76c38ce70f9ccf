import type { Config } from './schema.ts'

function listenUrl({ listenAddress, tls }: Pick<Config['gateway'], 'listenAddress' | 'tls'>): string {
  return `${tls === undefined ? 'http' : 'https'}://${listenAddress}`
}

/** Where browsers reach control. */
export function controlUrlOf({ control }: Config): string {
  return control.externalUrl ?? listenUrl(control)
}

/** Where control reaches the gateway. */
export function gatewayUrlOf({ control, gateway }: Config): string {
  return control.gatewayUrl ?? listenUrl(gateway)
}
