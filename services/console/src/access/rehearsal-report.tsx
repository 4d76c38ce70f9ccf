import { useState } from 'react'
import { Badge } from '../parts/chips.tsx'
import { Select, TextField } from '../parts/field.tsx'
import { Drawer } from '../parts/overlay.tsx'
import { Promql } from '../parts/promql.tsx'
import { EmptyState } from '../parts/states.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../router/link.tsx'
import { useSearchState } from '../router/location.ts'
import type { RehearsalReport, RehearsedLine } from './model.ts'
import { effectOrder, effects, effectWord, purposeText, reportText } from './rehearsal-words.ts'
import { subjectLink } from './words.ts'

function keyOf({ who, effect, dataSource, dashboard, alert, via, before, after }: RehearsedLine): string {
  return JSON.stringify([who.kind, who.uid, effect, dataSource, dashboard, alert, via, before, after])
}

const columns: readonly Column<RehearsedLine>[] = [
  { id: 'who', title: 'Who', sortBy: ({ who }) => who.name, cell: ({ who }) => who.name },
  {
    id: 'effect',
    title: 'Effect',
    sortBy: ({ effect }) => effectOrder.indexOf(effect),
    cell: ({ effect }) => <Badge kind={effects[effect].kind}>{effects[effect].word}</Badge>,
  },
  { id: 'for', title: 'For', sortBy: purposeText, cell: purposeText },
  {
    id: 'source',
    title: 'Data source',
    isExtra: true,
    sortBy: ({ dataSource }) => dataSource,
    cell: ({ dataSource }) => dataSource,
  },
  {
    id: 'requests',
    title: 'Requests',
    isNumber: true,
    sortBy: ({ allowed, denied }) => allowed + denied,
    cell: ({ allowed, denied }) => (allowed + denied).toLocaleString('en-GB'),
  },
  {
    id: 'last',
    title: 'Last asked',
    isExtra: true,
    sortBy: ({ lastAt }) => lastAt,
    cell: ({ lastAt }) => <Time at={lastAt} isRelative />,
  },
]

function Selectors({ title, selectors }: { readonly title: string; readonly selectors: readonly string[] }) {
  return (
    <section className="stack-tight" aria-label={title}>
      <h3>{title}</h3>
      {selectors.length === 0 && <p>No series.</p>}
      {selectors.map((selector) => (
        <Promql key={selector} text={selector} />
      ))}
    </section>
  )
}

function LineDrawer({ line, onClose }: { readonly line: RehearsedLine; readonly onClose: () => void }) {
  const { who, effect, dashboard, via, allowed, denied, before, after, reason, dataSource, lastAt } = line
  const board = via ?? dashboard
  return (
    <Drawer title={`${who.name}, ${purposeText(line)}`} onClose={onClose}>
      <p>
        <Badge kind={effects[effect].kind}>{effects[effect].word}</Badge> {effects[effect].means}
        {reason !== null && ` ${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`}
      </p>
      <p>
        {allowed.toLocaleString('en-GB')} allowed and {denied.toLocaleString('en-GB')} denied requests to data
        source {dataSource}, the last one <Time at={lastAt} />.
      </p>
      <p className="row">
        <Link to={subjectLink(who)}>{who.name}</Link>
        {board !== null && <Link to={`/dashboards/${encodeURIComponent(board)}`}>Dashboard {board}</Link>}
      </p>
      <Selectors title="Sees today" selectors={before} />
      <Selectors title="Would see" selectors={after} />
    </Drawer>
  )
}

function useFiltered(lines: readonly RehearsedLine[]) {
  const [search, change] = useSearchState()
  const [effect, text] = [search.get('effect') ?? '', (search.get('find') ?? '').toLowerCase()]
  const shown = lines
    .filter((line) => effect === '' || line.effect === effect)
    .filter((line) => text === '' || `${line.who.name} ${purposeText(line)}`.toLowerCase().includes(text))
    .toSorted((a, b) => effectOrder.indexOf(a.effect) - effectOrder.indexOf(b.effect))
  return { search, change, effect, shown }
}

/** Who would be refused, and who would see more or less, by person and by what they asked for. */
function Lines({ report: { lines, counts, omitted } }: { readonly report: RehearsalReport }) {
  const { search, change, effect, shown } = useFiltered(lines)
  const [open, setOpen] = useState<RehearsedLine>()
  return (
    <section className="card stack" aria-labelledby="by-person">
      <h2 id="by-person">By person and dashboard</h2>
      <search className="form-grid">
        <Select
          label="Effect"
          value={effect}
          onText={(value) => change({ effect: value })}
          options={[
            { value: '', text: 'every effect' },
            ...effectOrder
              .filter((one) => counts[one].lines > 0)
              .map((one) => ({ value: one, text: `${effects[one].word} (${counts[one].lines})` })),
          ]}
        />
        <TextField
          label="Find a name, dashboard or alert"
          type="search"
          value={search.get('find') ?? ''}
          onText={(find) => change({ find }, { replace: true })}
        />
      </search>
      {shown.length === 0 ? (
        <EmptyState title="No line fits" />
      ) : (
        <Table
          caption="Lines of the report"
          isCaptionHidden
          columns={columns}
          rows={shown}
          rowKey={keyOf}
          onOpen={setOpen}
          isLong={shown.length > 50}
        />
      )}
      {omitted > 0 && (
        <p className="small muted">{omitted.toLocaleString('en-GB')} more lines are left out.</p>
      )}
      {open !== undefined && <LineDrawer line={open} onClose={() => setOpen(undefined)} />}
    </section>
  )
}

function Unjudged({ unjudged: { lines, omitted } }: Pick<RehearsalReport, 'unjudged'>) {
  return (
    <section className="card stack" aria-labelledby="unjudged">
      <h2 id="unjudged">Cannot be judged</h2>
      <p>What they would see depends on groups of theirs that are known when they sign in again.</p>
      <Table
        caption="Requests that cannot be judged"
        isCaptionHidden
        isLong={lines.length > 50}
        rows={lines}
        rowKey={(line) => JSON.stringify(line)}
        columns={[
          { id: 'who', title: 'Who', sortBy: ({ who }) => who.name, cell: ({ who }) => who.name },
          { id: 'for', title: 'For', cell: purposeText },
          { id: 'teams', title: 'Depends on teams', cell: ({ teams }) => teams.join(', ') },
          { id: 'in', title: 'If in them', cell: ({ ifIn }) => effectWord(ifIn) },
          { id: 'not', title: 'If not', cell: ({ ifNot }) => effectWord(ifNot) },
          {
            id: 'requests',
            title: 'Requests',
            isNumber: true,
            sortBy: ({ requests }) => requests,
            cell: ({ requests }) => requests.toLocaleString('en-GB'),
          },
        ]}
      />
      {omitted > 0 && (
        <p className="small muted">{omitted.toLocaleString('en-GB')} more lines are left out.</p>
      )}
    </section>
  )
}

/** What a proposal would have done to the requests of a period. */
export function Report({ report }: { readonly report: RehearsalReport }) {
  const { counts, cautions, lines, unjudged } = report
  return (
    <>
      <section className="card stack" aria-labelledby="result">
        <h2 id="result">What would change</h2>
        <p className={counts['newly-denied'].lines > 0 ? 'notice notice-danger' : 'notice'}>
          {reportText(report)}
        </p>
        {cautions.length > 0 && (
          <ul className="small">
            {cautions.map((caution) => (
              <li key={caution}>{caution}</li>
            ))}
          </ul>
        )}
      </section>
      {lines.length > 0 && <Lines report={report} />}
      {unjudged.lines.length > 0 && <Unjudged unjudged={unjudged} />}
    </>
  )
}
