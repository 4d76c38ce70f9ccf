import { Heatmap } from '../../charts/index.ts'
import { heatmapInput } from '../model/heatmap-input.ts'
import { panelRange } from '../model/requests.ts'
import type { PanelView } from './panel-view.ts'

/** Counts by time and bucket. */
export function HeatmapPanel({ panel, title, data, range, isUtc }: PanelView) {
  const input = heatmapInput(panel, data.frames, { title, range: panelRange(panel, range), isUtc })
  if (input === undefined)
    return <p className="panel-word">Its series are no buckets of a histogram: none has a label “le”.</p>
  if (input.times.length === 0) return <p className="panel-word">No samples in this time range</p>
  return <Heatmap {...input} />
}
