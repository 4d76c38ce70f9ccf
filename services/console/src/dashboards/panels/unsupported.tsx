import { ScrollBox } from '../../charts/index.ts'
import type { Panel } from '../model/panel.ts'

const names: Readonly<Record<string, string>> = {
  piechart: 'pie chart',
  barchart: 'bar chart',
  'state-timeline': 'state timeline',
  'status-history': 'status history',
  histogram: 'histogram',
  geomap: 'map',
  nodeGraph: 'node graph',
  logs: 'log',
  traces: 'trace',
  candlestick: 'candlestick chart',
  canvas: 'canvas',
  alertlist: 'alert list',
  dashlist: 'dashboard list',
  news: 'news',
  xychart: 'scatter plot',
}

/** What stands where a kind of panel is not drawn here. */
export function Unsupported({
  panel,
  grafana,
}: {
  readonly panel: Panel
  readonly grafana: string | undefined
}) {
  const name = names[panel.type] ?? (panel.type === '' ? 'without a kind' : `of the kind “${panel.type}”`)
  return (
    <ScrollBox label="About this panel" className="panel-unsupported">
      <p>
        This is a panel {names[panel.type] === undefined ? name : `of the kind “${name}”`}, which this viewer
        does not draw. Its samples are in the table view.
      </p>
      {grafana === undefined ? (
        <p className="small muted">Open the dashboard in Grafana to see it.</p>
      ) : (
        <p>
          <a href={grafana} target="_blank" rel="noreferrer">
            Open this panel in Grafana
          </a>
        </p>
      )}
    </ScrollBox>
  )
}
