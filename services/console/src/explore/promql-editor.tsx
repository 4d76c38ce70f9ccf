import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { forEachDiagnostic, lintKeymap } from '@codemirror/lint'
import { Compartment, EditorState, type Extension, Prec, type Transaction } from '@codemirror/state'
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { type RefObject, useEffect, useRef } from 'react'
import './editor.css'

interface EditorProps {
  readonly value: string
  /** Whose metrics and labels are suggested: only what this person may see, as the gateway answers. */
  readonly source: string
  readonly org: string
  readonly describedBy: string
  readonly onText: (text: string) => void
  readonly onRun: () => void
  /** What is wrong with the text, in words. */
  readonly onProblems: (problems: readonly string[]) => void
}

const colours = HighlightStyle.define([
  { tag: tags.string, class: 'tok-string' },
  { tag: tags.number, class: 'tok-number' },
  { tag: [tags.function(tags.variableName), tags.special(tags.variableName)], class: 'tok-function' },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], class: 'tok-keyword' },
  { tag: tags.labelName, class: 'tok-label' },
  { tag: tags.comment, class: 'tok-comment' },
])

/** The nonce that the content security policy wants of the editor's style element. */
function pageNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')
  return meta?.nonce ?? ''
}

/** Suggestions and checks of PromQL, with the names that the gateway tells this person. */
function promqlOf(source: string, org: string): { readonly extension: Extension; readonly end: () => void } {
  const promql = new PromQLExtension().setComplete({
    remote: {
      url: `/prom/${encodeURIComponent(source)}`,
      httpMethod: 'GET',
      lookbackInterval: 3_600_000,
      fetchFn: (input, init) => {
        const headers = new Headers(init?.headers)
        headers.set('x-gatehouse-org', org)
        return fetch(input, { ...init, headers, credentials: 'same-origin' })
      },
      // Without suggestions one can still write; the query itself says what is wrong.
      httpErrorHandler: () => undefined,
    },
  })
  return { extension: promql.asExtension(), end: () => promql.destroy() }
}

function problemsOf(state: EditorState): string[] {
  const problems: string[] = []
  if (state.doc.length > 0) forEachDiagnostic(state, ({ message }) => problems.push(message))
  return [...new Set(problems)]
}

/**
 * Text in place of what is selected. Left to itself, Chromium keeps the style of what it replaces in a style attribute, which the
 * page's policy refuses, with an error in its log at each time.
 */
function replaceSelection(event: InputEvent, view: EditorView): boolean {
  const { data, inputType } = event
  const { from, to, empty } = view.state.selection.main
  if (inputType !== 'insertText' || data === null || empty || view.composing) return false
  const insert = (): Transaction =>
    view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
  // Closing brackets are put around what is selected, for one.
  const isHandled = view.state
    .facet(EditorView.inputHandler)
    .some((handle) => handle(view, from, to, data, insert))
  if (!isHandled) view.dispatch(insert())
  return true
}

type Handlers = RefObject<EditorProps>

function baseExtensions(handlers: Handlers): Extension[] {
  const run = (view: EditorView): boolean => {
    // Suggestions left open would cover the answer.
    closeCompletion(view)
    handlers.current.onRun()
    return true
  }
  return [
    EditorView.cspNonce.of(pageNonce()),
    history(),
    drawSelection(),
    closeBrackets(),
    bracketMatching(),
    autocompletion({ icons: false }),
    syntaxHighlighting(colours),
    placeholder('For example: sum by (model) (rate(ml_predictions_total[5m]))'),
    EditorView.lineWrapping,
    EditorView.domEventHandlers({ beforeinput: replaceSelection }),
    Prec.highest(keymap.of([{ key: 'Mod-Enter', run, preventDefault: true }])),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...completionKeymap,
      ...lintKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) handlers.current.onText(update.state.doc.toString())
      handlers.current.onProblems(problemsOf(update.state))
    }),
  ]
}

/** Where PromQL is written. Tab leaves it; Ctrl + Enter runs. */
export function PromqlEditor(props: EditorProps) {
  const { value, source, org, describedBy } = props
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const language = useRef(new Compartment())
  const handlers = useRef(props)
  useEffect(() => {
    handlers.current = props
  })
  useEffect(() => {
    if (box.current === null) return undefined
    const attributes = {
      'aria-label': 'PromQL expression',
      'aria-describedby': describedBy,
      'aria-multiline': 'true',
    }
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: handlers.current.value,
        extensions: [
          ...baseExtensions(handlers),
          language.current.of([]),
          EditorView.contentAttributes.of(attributes),
        ],
      }),
    })
    view.current = made
    return () => made.destroy()
  }, [describedBy])
  useEffect(() => {
    const { extension, end } = promqlOf(source, org)
    view.current?.dispatch({ effects: language.current.reconfigure(extension) })
    return end
  }, [source, org, describedBy])
  useEffect(() => {
    const made = view.current
    if (made === undefined || made.state.doc.toString() === value) return
    made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: value } })
  }, [value])
  return <div ref={box} className="editor" />
}
