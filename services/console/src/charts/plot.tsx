import { useEffect, useMemo, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { createColorResolver, useTheme } from './colours.ts'
import { type DrawnSeries, type PlotInput } from './plot-model.ts'
import { plotOptions } from './plot-options.ts'
import { tipPlugin } from './plot-tip.ts'
import { useSize } from './use-size.ts'

export interface PlotProps {
  readonly input: PlotInput
  readonly drawn: readonly DrawnSeries[]
  /** What stands for the picture where it cannot be seen. */
  readonly summary: string
  /** Pixels; the room there is by default. */
  readonly height?: number | undefined
  /** The series to bring forward. */
  readonly emphasised?: string | undefined
  readonly onZoom?: ((from: number, to: number) => void) | undefined
}

/** The canvas of a time series chart. */
export function Plot({ input, drawn, summary, height, emphasised, onZoom }: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const zoom = useRef(onZoom)
  zoom.current = onZoom
  const size = useSize(host)
  const theme = useTheme()
  const canZoom = onZoom !== undefined
  const data = useMemo(
    (): uPlot.AlignedData => [[...input.times], ...drawn.map(({ values }) => [...values])],
    [input.times, drawn],
  )
  const tall = height ?? size.height
  const isEmpty = drawn.every(({ own }) => own.every((value) => value === null))
  useEffect(() => {
    const element = host.current
    // Without samples axes say nothing, and the words would stand over them.
    if (element === null || isEmpty || size.width === 0 || tall === 0) return undefined
    const color = createColorResolver(element)
    const options = plotOptions(input, drawn, {
      // As it is now: the state may be a frame behind.
      width: element.clientWidth,
      height: height ?? element.clientHeight,
      color,
      font: `12px ${getComputedStyle(element).fontFamily}`,
      onSelect: canZoom ? (from, to) => zoom.current?.(from, to) : undefined,
      plugins: [tipPlugin({ input, drawn, color })],
    })
    const made = new uPlot(options, data, element)
    plot.current = made
    return () => {
      plot.current = null
      made.destroy()
    }
  }, [input, drawn, data, size.width, tall, height, theme, canZoom, isEmpty])
  useEffect(() => {
    const index = drawn.findIndex(({ id }) => id === emphasised)
    plot.current?.setSeries(index === -1 ? null : index + 1, { focus: true })
  }, [drawn, emphasised])
  return (
    <div className="chart-plot" role="img" aria-label={summary} ref={host} style={height ? { height } : {}}>
      {isEmpty ? <p className="chart-empty">No samples in this time range</p> : null}
    </div>
  )
}
