import { useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import type { LaidPanel, LaidRow } from '../model/layout.ts'
import { PanelCard, type PanelPage } from '../panels/panel-card.tsx'

function Cells({ panels, page }: { readonly panels: readonly LaidPanel[]; readonly page: PanelPage }) {
  return (
    <div className="board-grid">
      {panels.map((laid) => {
        const { key, place } = laid.panel
        return (
          <div
            key={key}
            className="board-cell"
            style={{ '--x': place.x + 1, '--y': place.y + 1, '--w': place.w, '--h': place.h }}
          >
            <PanelCard laid={laid} page={page} />
          </div>
        )
      })}
    </div>
  )
}

/** A row with its heading, which folds it away. What is folded asks nothing. */
function Row({ laid, page }: { readonly laid: LaidRow; readonly page: PanelPage }) {
  const { row, title, panels } = laid
  const [isOpen, setOpen] = useState(!row.collapsed)
  if (title === undefined)
    return (
      <section>
        <h2 className="visually-hidden">Panels</h2>
        <Cells panels={panels} page={page} />
      </section>
    )
  return (
    <section className="board-row" aria-label={title === '' ? 'Row' : title}>
      <h2 className="board-row-title">
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name="down" />
          {title === '' ? 'Row' : title}
          <span className="small muted">
            {panels.length} {panels.length === 1 ? 'panel' : 'panels'}
          </span>
        </button>
      </h2>
      {isOpen ? <Cells panels={panels} page={page} /> : null}
    </section>
  )
}

/** All rows and panels of a dashboard, or one panel alone. */
export function BoardGrid({ rows, page }: { readonly rows: readonly LaidRow[]; readonly page: PanelPage }) {
  const alone =
    page.viewed === undefined
      ? undefined
      : rows
          .flatMap(({ panels }) => panels)
          .find(({ panel }) => String(panel.id) === page.viewed || `panel-${panel.id}` === page.viewed)
  if (alone !== undefined)
    return (
      <div className="board-alone">
        <h2 className="visually-hidden">One panel</h2>
        <PanelCard laid={alone} page={page} />
      </div>
    )
  return (
    <div className="board-rows">
      {rows.map((laid) => (
        <Row key={laid.row.key} laid={laid} page={page} />
      ))}
    </div>
  )
}
