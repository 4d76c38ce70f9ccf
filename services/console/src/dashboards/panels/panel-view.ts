import type { Annotation } from '../../charts/index.ts'
import type { PanelData } from '../data/use-panel-data.ts'
import type { Values } from '../model/interpolate.ts'
import type { Panel } from '../model/panel.ts'
import type { TimeRange } from '../model/time-range.ts'
import type { RangeText } from '../../parts/time-range.ts'

/** What a panel is called, also one without a title. */
export function panelName({ panel, title }: Pick<PanelView, 'panel' | 'title'>): string {
  return title === '' ? `Panel ${panel.id}` : title
}

/** What every kind of panel is drawn from. */
export interface PanelView {
  readonly panel: Panel
  /** With its variables put in. */
  readonly title: string
  readonly data: PanelData
  readonly values: Values
  readonly range: TimeRange
  readonly rawRange: RangeText
  /** All choices as they stand in an address, for links. */
  readonly variables: string
  readonly isUtc: boolean
  readonly annotations: readonly Annotation[]
  readonly syncKey: string | undefined
  readonly onZoom: (from: number, to: number) => void
}
