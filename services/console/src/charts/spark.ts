/** Points of a small line in a box of 100 × 30, for an SVG path; gaps are gaps. Empty if there is nothing to draw. */
export function sparkPaths(values: readonly (number | null)[]): {
  readonly line: string
  readonly area: string
} {
  const there = values.filter((value) => value !== null)
  if (there.length < 2) return { line: '', area: '' }
  const [min, max] = there.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  const x = (i: number): string => ((i / (values.length - 1)) * 100).toFixed(2)
  const y = (value: number): string => (max === min ? 15 : 28 - ((value - min) / (max - min)) * 26).toFixed(2)
  const runs: (readonly (readonly [number, number])[])[] = []
  let run: (readonly [number, number])[] = []
  values.forEach((value, i) => {
    if (value !== null) run.push([i, value])
    else if (run.length > 0) {
      runs.push(run)
      run = []
    }
  })
  if (run.length > 0) runs.push(run)
  const lineOf = (points: readonly (readonly [number, number])[]): string =>
    points.map(([i, value], k) => `${k === 0 ? 'M' : 'L'}${x(i)} ${y(value)}`).join('')
  const areaOf = (points: readonly (readonly [number, number])[]): string =>
    `${lineOf(points)}L${x(points.at(-1)?.[0] ?? 0)} 30L${x(points[0]?.[0] ?? 0)} 30Z`
  return { line: runs.map(lineOf).join(''), area: runs.map(areaOf).join('') }
}
