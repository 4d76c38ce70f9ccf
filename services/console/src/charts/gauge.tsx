import './charts.css'
import './figures.css'
import { cssColor } from './colours.ts'
import { ScrollList } from './scroll-box.tsx'

/** A value on its way from `min` to `max`. */
export interface GaugeValue {
  readonly id: string
  readonly name: string
  readonly text: string
  readonly value: number | null
  readonly min: number
  readonly max: number
  readonly minText: string
  readonly maxText: string
  readonly color: string | undefined
  /** From which value on which hue; shown around the gauge. */
  readonly bands: readonly { readonly from: number; readonly color: string }[]
}

/** How far a value is on its way, 0 to 1. */
export function shareOf({ value, min, max }: Pick<GaugeValue, 'value' | 'min' | 'max'>): number {
  if (value === null || max <= min) return 0
  return Math.min(1, Math.max(0, (value - min) / (max - min)))
}

// Three quarters of a circle, open at the bottom.
const sweep = 240
function point(radius: number, share: number): string {
  const angle = ((-90 - sweep / 2 + share * sweep) * Math.PI) / 180
  return `${(60 + radius * Math.cos(angle)).toFixed(2)} ${(60 + radius * Math.sin(angle)).toFixed(2)}`
}
function arc(radius: number, from: number, to: number): string {
  const isLarge = (to - from) * sweep > 180 ? 1 : 0
  return `M${point(radius, from)}A${radius} ${radius} 0 ${isLarge} 1 ${point(radius, to)}`
}

function Dial({ one, showsBands }: { readonly one: GaugeValue; readonly showsBands: boolean }) {
  const share = shareOf(one)
  const bands = one.bands.map(({ from, color }, i) => ({
    color,
    from: shareOf({ ...one, value: Math.max(one.min, from) }),
    to: shareOf({ ...one, value: Math.min(one.max, one.bands[i + 1]?.from ?? one.max) }),
  }))
  const label = `${one.name === '' ? 'Gauge' : one.name}: ${one.text}, on a scale from ${one.minText} to ${one.maxText}`
  return (
    <svg className="gauge-dial" viewBox="0 0 120 96" role="img" aria-label={label}>
      <path d={arc(44, 0, 1)} className="gauge-track" />
      {share > 0 ? (
        <path
          d={arc(44, 0, share)}
          className="gauge-fill"
          style={{ '--hue': cssColor(one.color ?? '--accent') }}
        />
      ) : null}
      {showsBands
        ? bands
            .filter(({ from, to }) => to > from)
            .map(({ from, to, color }) => (
              <path
                key={from}
                d={arc(55, from, to)}
                className="gauge-band"
                style={{ '--hue': cssColor(color) }}
              />
            ))
        : null}
      <text x="60" y="66" className="gauge-text" style={{ '--letters': Math.max(4, one.text.length) }}>
        {one.text}
      </text>
      <text x="22" y="94" className="gauge-end">
        {one.minText}
      </text>
      <text x="98" y="94" className="gauge-end">
        {one.maxText}
      </text>
    </svg>
  )
}

/** Dials, each with its number in the middle. */
export function Gauge({
  title,
  values,
  showsBands,
}: {
  readonly title: string
  readonly values: readonly GaugeValue[]
  readonly showsBands: boolean
}) {
  return (
    <ScrollList label={title} className="gauges">
      {values.map((one) => (
        <li key={one.id} className="gauge">
          <Dial one={one} showsBands={showsBands} />
          {values.length > 1 ? (
            <span className="gauge-name" title={one.name}>
              {one.name}
            </span>
          ) : null}
        </li>
      ))}
    </ScrollList>
  )
}

/** Bars below each other, each with its name and number. */
export function BarGauge({
  title,
  values,
}: {
  readonly title: string
  readonly values: readonly GaugeValue[]
}) {
  return (
    <ScrollList label={title} className="bars">
      {values.map((one) => (
        <li key={one.id} className="bar-row">
          <span className="bar-label" title={one.name}>
            {one.name}
          </span>
          <span className="bar-track" aria-hidden="true">
            <span
              className="bar-fill"
              style={{ '--hue': cssColor(one.color ?? '--accent'), '--share': shareOf(one) }}
            />
          </span>
          <span className="bar-value">{one.text}</span>
        </li>
      ))}
    </ScrollList>
  )
}
