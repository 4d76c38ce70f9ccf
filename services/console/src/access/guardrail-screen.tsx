import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useCan } from '../api/me-context.ts'
import { useChange, useRead } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'
import { Promql } from '../parts/promql.tsx'
import { ErrorState, Reading } from '../parts/states.tsx'
import { guardLeaving, navigate } from '../router/location.ts'
import type { Params } from '../router/match.ts'
import { RemoveButton } from './confirm.tsx'
import { AccessPage } from './frame.tsx'
import { isOver, Meanwhile, useReloadOnConflict } from './meanwhile.tsx'
import { type Guardrail, guardrail as schema } from './model.ts'
import { Preview, type Proposal } from './preview.tsx'
import { type Base, useBase } from './use-base.ts'
import { isSelector } from './words.ts'

const touches = ['/api/v1/guardrails', '/api/v1/access', '/api/v1/me']
const back = '/access/data-sources'
type Draft = Pick<Guardrail, 'selector' | 'reason'>

function problemsOf({ selector, reason }: Draft): { readonly selector?: string; readonly reason?: string } {
  return {
    ...(isSelector(selector)
      ? {}
      : { selector: 'Write a selector in braces, for example {level="secret"}.' }),
    ...(reason.trim() === '' ? { reason: 'Say why: it stands here and in the audit log.' } : {}),
  }
}

function useSave(before: Base<Guardrail>['base'] | undefined, onSaved: () => void) {
  return useChange({
    request: (json: Draft) =>
      before === undefined
        ? { path: '/api/v1/guardrails', method: 'POST' as const, json }
        : {
            path: `/api/v1/guardrails/${encodeURIComponent(before.value.uid)}`,
            method: 'PUT' as const,
            json,
            ifMatch: before.etag,
          },
    schema,
    touches,
    onDone: () => {
      onSaved()
      announce('The guardrail is saved; it holds everywhere within two seconds.')
      navigate(back, { replace: true })
    },
  })
}

function proposalFor(draft: Draft, before: Guardrail | undefined): Proposal {
  return { guardrails: [draft], ...(before === undefined ? {} : { removeGuardrails: [before.uid] }) }
}

/** The draft of a form that is left only with a question, and never after it was saved. */
function useGuardrailDraft(start: Draft) {
  const [draft, setDraft] = useState(start)
  const isDone = useRef(false)
  const isChanged = draft.selector !== start.selector || draft.reason !== start.reason
  useEffect(() => {
    if (!isChanged) return undefined
    return guardLeaving(() => isDone.current || window.confirm('Leave this page? What you typed is lost.'))
  }, [isChanged])
  const markDone = (): void => {
    isDone.current = true
  }
  return { draft, setDraft, markDone }
}

/** Writes a guardrail: first whom it affects, then the guardrail. */
function Editor({ from, reload }: { readonly from?: Base<Guardrail>; readonly reload?: () => void }) {
  const before = from?.base.value
  const { draft, setDraft, markDone } = useGuardrailDraft(before ?? { selector: '', reason: '' })
  const [isTried, setTried] = useState(false)
  const [proposal, setProposal] = useState<Proposal>()
  const save = useSave(from?.base, markDone)
  useReloadOnConflict(save.error, () => reload?.())
  const theirs = isOver(save) ? undefined : from?.theirs
  const problems = isTried ? problemsOf(draft) : {}
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(problemsOf(draft)).length > 0) return
    const body = { selector: draft.selector.trim(), reason: draft.reason.trim() }
    if (proposal === undefined) setProposal(proposalFor(body, before))
    else save.run(body)
  }
  const set = (part: Partial<Draft>): void => {
    setDraft({ ...draft, ...part })
    setProposal(undefined)
  }
  const goOn = (next: Draft): void => {
    from?.rebase()
    save.reset()
    set({ selector: next.selector, reason: next.reason })
  }
  return (
    <form className="card stack" onSubmit={submit} noValidate>
      <p>Series that fit the selector are shown to nobody of the org, whatever roles and grants say.</p>
      <div className="form-grid">
        <TextField
          label="Selector"
          hint={<>For example {'{level="secret"}'}.</>}
          value={draft.selector}
          onText={(selector) => set({ selector })}
          error={problems.selector}
          spellCheck={false}
        />
        <TextField
          label="Reason"
          value={draft.reason}
          onText={(reason) => setDraft({ ...draft, reason })}
          error={problems.reason}
          maxLength={500}
        />
      </div>
      {proposal !== undefined && <Preview proposal={proposal} />}
      {theirs === undefined ? (
        save.error !== undefined && <ErrorState error={save.error} title="The guardrail was not saved" />
      ) : (
        <Theirs now={theirs} onMine={() => goOn(draft)} onTheirs={goOn} />
      )}
      <div>
        <Button type="submit" kind="main" isBusy={save.isRunning}>
          {proposal === undefined ? 'See what this changes' : 'Save the guardrail'}
        </Button>
      </div>
    </form>
  )
}

function Theirs({
  now,
  onMine,
  onTheirs,
}: {
  readonly now: Guardrail
  readonly onMine: () => void
  readonly onTheirs: (now: Guardrail) => void
}) {
  return (
    <Meanwhile onMine={onMine} onTheirs={() => onTheirs(now)}>
      <p>
        It is now <Promql text={now.selector} /> because “{now.reason}”.
      </p>
    </Meanwhile>
  )
}

function Shown({ guardrail: { selector, reason } }: { readonly guardrail: Guardrail }) {
  return (
    <section className="card stack" aria-label="Guardrail">
      <Promql text={selector} />
      <p>{reason}</p>
    </section>
  )
}

/** One guardrail, or a new one. */
export default function GuardrailScreen({ params }: { readonly params: Params }) {
  const mayWrite = useCan()('guardrails:write')
  const uid = params['uid']
  const path = uid === undefined ? undefined : `/api/v1/guardrails/${encodeURIComponent(uid)}`
  const read = useRead(path, schema)
  const from = useBase(read)
  if (path === undefined || uid === undefined)
    return (
      <AccessPage title="New guardrail">
        <Editor />
      </AccessPage>
    )
  const tools = mayWrite && from !== undefined && (
    <RemoveButton
      label="Delete"
      title="Delete this guardrail"
      path={path}
      ifMatch={from.base.etag}
      proposal={{ removeGuardrails: [uid] }}
      touches={touches}
      done="The guardrail is deleted; it holds nowhere within two seconds."
      onDone={() => navigate(back, { replace: true })}
    />
  )
  return (
    <AccessPage title="Guardrail" tools={tools}>
      <Reading read={read} lines={5}>
        {(found) =>
          mayWrite && from !== undefined ? (
            <Editor from={from} reload={read.reload} />
          ) : (
            <Shown guardrail={found} />
          )
        }
      </Reading>
    </AccessPage>
  )
}
