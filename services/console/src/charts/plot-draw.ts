import type uPlot from 'uplot'
import type { PlotInput } from './plot-model.ts'
import type { Annotation } from './series.ts'

type Resolve = (css: string) => string

/** Runs a drawing inside the plotting area, with the canvas' state restored after it. */
function inside(plot: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  draw(ctx)
  ctx.restore()
}

/** Draws threshold lines, and areas above them, below the series. */
export function drawThresholds(
  plot: uPlot,
  { thresholds = [], thresholdStyle }: PlotInput,
  color: Resolve,
): void {
  if (thresholdStyle === undefined) return
  const { bbox } = plot
  const sorted = thresholds.toSorted((a, b) => a.value - b.value)
  inside(plot, (ctx) => {
    sorted.forEach((threshold, i) => {
      const y = plot.valToPos(threshold.value, 'y', true)
      const above = sorted[i + 1]
      const top = above === undefined ? bbox.top : plot.valToPos(above.value, 'y', true)
      if (thresholdStyle !== 'line') {
        ctx.globalAlpha = 0.12
        ctx.fillStyle = color(threshold.color)
        ctx.fillRect(bbox.left, top, bbox.width, y - top)
        ctx.globalAlpha = 1
      }
      if (thresholdStyle === 'area') return
      ctx.strokeStyle = color(threshold.color)
      ctx.lineWidth = 2 * devicePixelRatio
      ctx.setLineDash([10 * devicePixelRatio, 6 * devicePixelRatio])
      ctx.beginPath()
      ctx.moveTo(bbox.left, y)
      ctx.lineTo(bbox.left + bbox.width, y)
      ctx.stroke()
    })
  })
}

const annotationColor = '--accent'

/** What annotations of a colour cover, each part once: several that overlap would hide the lines behind them. */
export function regionsOf(
  annotations: readonly Annotation[],
): readonly { readonly from: number; readonly to: number; readonly color: string }[] {
  const regions: { readonly from: number; to: number; readonly color: string }[] = []
  for (const { from, to, color = annotationColor } of annotations.toSorted((a, b) => a.from - b.from)) {
    if (to === undefined) continue
    const before = regions.findLast((region) => region.color === color)
    if (before !== undefined && before.to >= from) before.to = Math.max(before.to, to)
    else regions.push({ from, to, color })
  }
  return regions
}

/** Draws what happened: a region or a dashed line, with a mark at its foot. */
export function drawAnnotations(plot: uPlot, { annotations = [] }: PlotInput, resolve: Resolve): void {
  const { bbox } = plot
  const foot = bbox.top + bbox.height
  inside(plot, (ctx) => {
    ctx.globalAlpha = 0.12
    for (const { from, to, color } of regionsOf(annotations)) {
      const x = plot.valToPos(from, 'x', true)
      ctx.fillStyle = resolve(color)
      ctx.fillRect(x, bbox.top, plot.valToPos(to, 'x', true) - x, bbox.height)
    }
    ctx.globalAlpha = 1
    for (const { from, color = annotationColor } of annotations) {
      const x = plot.valToPos(from, 'x', true)
      ctx.strokeStyle = ctx.fillStyle = resolve(color)
      ctx.lineWidth = devicePixelRatio
      ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, foot)
      ctx.stroke()
      const size = 5 * devicePixelRatio
      ctx.beginPath()
      ctx.moveTo(x - size, foot)
      ctx.lineTo(x + size, foot)
      ctx.lineTo(x, foot - size * 1.6)
      ctx.fill()
    }
  })
}

/** Draws single observations as diamonds on the left axis; one beyond it stands at its edge. */
export function drawExemplars(plot: uPlot, { exemplars = [] }: PlotInput, resolve: Resolve): void {
  const { bbox } = plot
  const size = 4 * devicePixelRatio
  inside(plot, (ctx) => {
    ctx.fillStyle = resolve('--surface')
    ctx.strokeStyle = resolve('--text')
    ctx.lineWidth = 1.5 * devicePixelRatio
    ctx.setLineDash([])
    for (const { at, value } of exemplars) {
      const x = plot.valToPos(at, 'x', true)
      const wanted = plot.valToPos(value, 'y', true)
      const y = Math.min(bbox.top + bbox.height - size, Math.max(bbox.top + size, wanted))
      ctx.beginPath()
      ctx.moveTo(x, y - size)
      ctx.lineTo(x + size, y)
      ctx.lineTo(x, y + size)
      ctx.lineTo(x - size, y)
      ctx.closePath()
      ctx.fill()
      ctx.stroke()
    }
  })
}
