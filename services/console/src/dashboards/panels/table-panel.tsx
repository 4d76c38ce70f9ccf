import { useState } from 'react'
import { cssColor } from '../../charts/index.ts'
import { Select } from '../../parts/field.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { showValue } from '../model/display.ts'
import { type Frame, rowsOf, seriesName } from '../model/frame.ts'
import { recordOf, textOf } from '../model/json.ts'
import { linkUrl, safeUrl } from '../model/requests.ts'
import { type ShownField, shownFields } from '../model/shown-fields.ts'
import { dateText } from '../../parts/written-time.ts'
import { panelName, type PanelView } from './panel-view.ts'

const mostRows = 200

/** What stands behind a cell: the first link of its field, with the row's own values put in. */
function linkOf(
  { config }: ShownField,
  row: number,
  fields: readonly ShownField[],
  view: PanelView,
): string | undefined {
  const url = textOf(config.links[0]?.['url'])
  if (url === undefined) return undefined
  const filled = url.replace(
    /\$\{__data\.fields(?:\.([\w ]+)|\["([^"]+)"\])(?:\.\w+)?\}/g,
    (_whole, plain?: string, quoted?: string) => {
      const field = fields.find(({ name, field: own }) => [name, own.name].includes(plain ?? quoted ?? ''))
      return encodeURIComponent(String(field?.field.values[row] ?? ''))
    },
  )
  const { values, rawRange, variables } = view
  return safeUrl(
    linkUrl(filled, { keepTime: false, includeVars: false }, { values, range: rawRange, variables }),
  )
}

function Cell({
  shown,
  row,
  fields,
  view,
}: {
  readonly shown: ShownField
  readonly row: number
  readonly fields: readonly ShownField[]
  readonly view: PanelView
}) {
  const value = shown.field.values[row] ?? null
  if (shown.field.type === 'time')
    return <time>{typeof value === 'number' ? dateText(value, view.isUtc) : '–'}</time>
  const { text, color } = showValue(shown.config, value)
  const kind =
    textOf(recordOf(shown.config.custom['cellOptions'])['type']) ??
    textOf(shown.config.custom['displayMode']) ??
    'auto'
  const isColored = color !== undefined && kind !== 'auto' && kind !== 'json-view'
  const classes = isColored ? (kind.includes('background') ? 'cell-background' : 'cell-colored') : undefined
  const url = linkOf(shown, row, fields, view)
  return (
    <span className={classes} style={isColored ? { '--hue': cssColor(color) } : {}}>
      {url === undefined ? text : <a href={url}>{text}</a>}
    </span>
  )
}

/** The name of a frame where there are several to choose from. */
function frameName({ fields, refId }: Frame, i: number): string {
  const labels = fields.find(({ labels: own }) => Object.keys(own).length > 0)?.labels
  const legend = fields.find((field) => field.legend !== undefined)?.legend
  return legend ?? (labels === undefined ? `Query ${refId}, ${i + 1}` : seriesName(labels))
}

/** A table of one frame; of several, one at a time. */
export function TablePanel(view: PanelView) {
  const { panel, data } = view
  const [chosen, setChosen] = useState(0)
  const frame = data.frames[chosen] ?? data.frames[0]
  if (frame === undefined || rowsOf(frame) === 0) return <p className="panel-word">No rows</p>
  const fields = shownFields([frame], panel.fields).filter(
    ({ config }) => config.custom['hidden'] !== true && recordOf(config.custom['hideFrom'])['viz'] !== true,
  )
  const columns = fields.map(
    (shown): Column<number> => ({
      id: shown.id,
      title: shown.name,
      isNumber: shown.field.type === 'number',
      cell: (row) => <Cell shown={shown} row={row} fields={fields} view={view} />,
      sortBy: (row) => {
        const value = shown.field.values[row] ?? null
        return typeof value === 'number' ? value : String(value ?? '')
      },
    }),
  )
  const count = rowsOf(frame)
  return (
    <div className="panel-table">
      <Table
        caption={`Rows of ${panelName(view)}`}
        isCaptionHidden
        columns={columns}
        rows={Array.from({ length: Math.min(mostRows, count) }, (_, row) => row)}
        rowKey={String}
      />
      {count > mostRows ? (
        <p className="panel-word small">
          The first {mostRows} of {count} rows. CSV has all of them.
        </p>
      ) : null}
      {data.frames.length > 1 ? (
        <Select
          label="Series"
          isLabelHidden
          isSmall
          value={String(chosen)}
          onText={(text) => setChosen(Number(text))}
          options={data.frames.map((one, i) => ({ value: String(i), text: frameName(one, i) }))}
        />
      ) : null}
    </div>
  )
}
