/** Points of a line through `values` in a box of `width` × `height`, empty without values. */
export function sparklinePoints(values: readonly number[], width: number, height: number): string {
  const known = values.filter(Number.isFinite)
  if (known.length === 0) return ''
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const span = high - low || 1
  const step = values.length > 1 ? width / (values.length - 1) : 0
  return values
    .flatMap((value, i) =>
      Number.isFinite(value)
        ? [`${(i * step).toFixed(1)},${(height - 1 - ((value - low) / span) * (height - 2)).toFixed(1)}`]
        : [],
    )
    .join(' ')
}

/** A small line beside a number that says the same; `label` is its summary. */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  return (
    <svg className="sparkline" viewBox="0 0 96 24" role="img" aria-label={label} preserveAspectRatio="none">
      <polyline points={sparklinePoints(values, 96, 24)} />
    </svg>
  )
}
