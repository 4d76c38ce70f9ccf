import type { Observation } from './series.ts'
import { fraction } from './wave.ts'

/** One of them in this many seconds is kept with its trace. */
const slotSeconds = 600

/** How long single predictions of a model took, seconds. */
export interface Durations {
  readonly model: string
  readonly median: number
  readonly spread: number
  /** What all of them are multiplied with at a time. */
  readonly factorAt: (time: number) => number
}

function observation({ model, median, spread, factorAt }: Durations, slot: number): Observation {
  const id = `${model}/${slot}`
  // Two even numbers make a normal one (Box and Muller).
  const normal = Math.sqrt(-2 * Math.log(1 - fraction(id))) * Math.cos(2 * Math.PI * fraction(`${id}/angle`))
  const at = slot * slotSeconds
  const trace = Math.floor(fraction(`${id}/trace`) * 2 ** 32).toString(16)
  return {
    at,
    value: Number((median * factorAt(at) * Math.exp(spread * normal)).toPrecision(4)),
    labels: { trace_id: trace.padStart(8, '0') },
  }
}

/** The newest prediction of a model that was kept with its trace at a time: the same whenever it is asked. */
export function createObservations(durations: Durations): (time: number) => Observation {
  // Each bucket of the histogram asks for all of them.
  const known = new Map<number, Observation>()
  return (time) => {
    const slot = Math.floor(time / slotSeconds)
    const seen = known.get(slot) ?? observation(durations, slot)
    known.set(slot, seen)
    return seen
  }
}
