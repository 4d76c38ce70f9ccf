import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** A service's own metrics registry (prom-client). */
export type Metrics = Registry

/** Creates a registry with the process's default metrics (CPU, memory, event-loop lag, GC). */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** A figure that is read when it is asked for. */
export interface ReadGauge {
  readonly name: string
  readonly help: string
  /** Name of the label that tells the samples apart; without one there is one sample. */
  readonly label?: string
  /** The label's value and the figure of each sample; what is left out has no sample. */
  readonly read: () =>
    | Promise<readonly (readonly [label: string, value: number])[]>
    | readonly (readonly [label: string, value: number])[]
}

/** Registers a figure that is read when it is asked for. */
export function registerGauge(registry: Metrics, { name, help, label, read }: ReadGauge): void {
  new Gauge({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    async collect() {
      const samples = await read()
      this.reset()
      for (const [value, figure] of samples) {
        if (label === undefined) this.set(figure)
        else this.set({ [label]: value }, figure)
      }
    },
  })
}
