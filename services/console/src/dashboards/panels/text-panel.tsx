import { ScrollBox } from '../../charts/index.ts'
import { interpolate } from '../model/interpolate.ts'
import { textOf } from '../model/json.ts'
import { Code, Markdown } from './markdown.tsx'
import { panelName, type PanelView } from './panel-view.ts'

/** Words. Markdown and the part of HTML that says something; code as it is. */
export function TextPanel(view: Pick<PanelView, 'panel' | 'title' | 'values'>) {
  const { panel, title, values } = view
  // Before version 7 they stood beside the options.
  const content = textOf(panel.options['content']) ?? textOf(panel.raw['content']) ?? ''
  const mode = textOf(panel.options['mode']) ?? textOf(panel.raw['mode']) ?? 'markdown'
  const text = interpolate(content, values, 'text')
  return (
    <ScrollBox label={panelName(view)} className="panel-text">
      {mode === 'code' ? (
        <Code text={text} />
      ) : (
        // Below the panel's title, or in its place: the page has headings down to it.
        <Markdown text={text} topLevel={title === '' ? 3 : 4} />
      )}
    </ScrollBox>
  )
}
