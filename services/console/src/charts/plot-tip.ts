import type uPlot from 'uplot'
import type { DrawnSeries, PlotInput } from './plot-model.ts'
import type { Exemplar } from './series.ts'
import { timeText } from './summary.ts'
import { formatValue } from './units.ts'

const mostRows = 12

function row(tip: HTMLElement, cells: readonly (Node | string)[]): void {
  const line = document.createElement('div')
  line.className = 'chart-tip-row'
  for (const cell of cells) {
    const span = document.createElement('span')
    span.append(cell)
    line.append(span)
  }
  tip.append(line)
}

function swatch(color: string): HTMLElement {
  const mark = document.createElement('span')
  mark.style.display = 'block'
  mark.style.blockSize = '3px'
  mark.style.background = color
  return mark
}

interface Tip {
  readonly input: PlotInput
  readonly drawn: readonly DrawnSeries[]
  readonly color: (css: string) => string
}

function fill(tip: HTMLElement, index: number, { input, drawn, color }: Tip): void {
  const { times, span, unit, decimals, annotations = [], exemplars = [], isUtc = false } = input
  tip.replaceChildren()
  const at = times[index] ?? 0
  const head = document.createElement('strong')
  head.textContent = timeText(at, span, isUtc)
  tip.append(head)
  const values = drawn
    .flatMap((one) => {
      const value = one.hidden ? null : (one.own[index] ?? null)
      return value === null ? [] : [{ one, value }]
    })
    .toSorted((a, b) => b.value - a.value)
  for (const { one, value } of values.slice(0, mostRows))
    row(tip, [
      swatch(color(one.color)),
      one.name,
      formatValue(value, one.look.unit ?? unit, one.look.decimals ?? decimals),
    ])
  if (values.length > mostRows) row(tip, ['', `${values.length - mostRows} more series`, ''])
  const near = (span.to - span.from) / 100
  for (const { from, to = from, text } of annotations)
    if (at >= from - near && at <= to + near) row(tip, ['▲', text, ''])
  for (const { at: seen, value, text } of nearest(exemplars, at, near))
    row(tip, ['◇', text, `${formatValue(value, unit, decimals)} at ${timeText(seen, span, isUtc)}`])
}

const mostExemplars = 3

/** The greatest observations about a time. */
function nearest(exemplars: readonly Exemplar[], at: number, near: number): readonly Exemplar[] {
  return exemplars
    .filter((one) => Math.abs(one.at - at) <= near)
    .toSorted((a, b) => b.value - a.value)
    .slice(0, mostExemplars)
}

function place(plot: uPlot, tip: HTMLElement): void {
  const { left = 0 } = plot.cursor
  const over = plot.over.getBoundingClientRect()
  const host = plot.root.getBoundingClientRect()
  const x = over.left - host.left + left
  const isRight = x > host.width / 2
  tip.style.insetBlockStart = '4px'
  tip.style.left = isRight ? 'auto' : `${x + 12}px`
  tip.style.right = isRight ? `${host.width - x + 12}px` : 'auto'
}

/** The values under the cursor, greatest first. For the eye only: the table has them all. */
export function tipPlugin(parts: Tip): uPlot.Plugin {
  const tip = document.createElement('div')
  tip.className = 'chart-tip'
  tip.hidden = true
  tip.ariaHidden = 'true'
  return {
    hooks: {
      init: (plot) => plot.root.append(tip),
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor
        // Charts whose cursors move together show one set of values: that under the pointer.
        tip.hidden = idx === null || idx === undefined || left < 0 || !plot.over.matches(':hover')
        if (tip.hidden) return
        fill(tip, idx ?? 0, parts)
        place(plot, tip)
      },
    },
  }
}
