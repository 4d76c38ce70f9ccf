import { withoutName } from '../labels.ts'
import type { Series } from '../model.ts'
import { goMax, goMin } from '../arithmetic.ts'
import { hasSamples, joinEqual, mapFloats } from '../series.ts'

/** A function of one float and up to two scalar parameters. */
type FloatFunction = (value: number, a: number, b: number) => number

const floatFunctions: ReadonlyMap<string, FloatFunction> = new Map(
  Object.entries<FloatFunction>({
    abs: Math.abs,
    acos: Math.acos,
    acosh: Math.acosh,
    asin: Math.asin,
    asinh: Math.asinh,
    atan: Math.atan,
    atanh: Math.atanh,
    ceil: Math.ceil,
    clamp_max: (value, most) => goMin(most, value),
    clamp_min: (value, least) => goMax(least, value),
    cos: Math.cos,
    cosh: Math.cosh,
    deg: (value) => (value * 180) / Math.PI,
    exp: Math.exp,
    floor: Math.floor,
    ln: Math.log,
    log10: Math.log10,
    log2: Math.log2,
    rad: (value) => (value * Math.PI) / 180,
    round: (value, nearest) => Math.floor(value * (1 / nearest) + 0.5) / (1 / nearest),
    sgn: (value) => (value > 0 ? 1 : value < 0 ? -1 : value),
    sin: Math.sin,
    sinh: Math.sinh,
    sqrt: Math.sqrt,
    tan: Math.tan,
    tanh: Math.tanh,
  }),
)

export function isFloatFunction(name: string): boolean {
  return floatFunctions.has(name) || name === 'clamp'
}

/** Applies a function of single floats, such as `abs` or `clamp_max`, to every sample; the metric name goes. */
export function applyFloatFunction(
  name: string,
  vector: readonly Series[],
  params: readonly Float64Array[],
): Series[] {
  const apply = floatFunctions.get(name)
  if (apply === undefined) return clamp(vector, params)
  // `round` is the only one whose parameter may be left out.
  const [a, b] = params
  const results = vector.map((series) =>
    mapFloats(series, withoutName(series.labels), (value, i) => apply(value, a?.[i] ?? 1, b?.[i] ?? NaN)),
  )
  return joinEqual(results, false)
}

function clamp(vector: readonly Series[], [least, most]: readonly Float64Array[]): Series[] {
  const results = vector.map((series) => {
    const clamped = mapFloats(series, withoutName(series.labels), (value, i) =>
      goMax(least?.[i] ?? NaN, goMin(most?.[i] ?? NaN, value)),
    )
    // A range turned inside out has no values.
    for (let i = 0; i < clamped.present.length; i++) {
      if ((most?.[i] ?? NaN) < (least?.[i] ?? NaN)) clamped.present[i] = 0
    }
    return clamped
  })
  return joinEqual(results.filter(hasSamples), false)
}
