import { ScrollBox } from '../../charts/index.ts'
import { interpolate } from '../model/interpolate.ts'
import { textOf } from '../model/json.ts'
import { Markdown } from './markdown.tsx'
import type { PanelView } from './panel-view.ts'

/** Words. Markdown and the part of HTML that says something; code as it is. */
export function TextPanel({ panel, values }: Pick<PanelView, 'panel' | 'values'>) {
  // Before version 7 they stood beside the options.
  const content = textOf(panel.options['content']) ?? textOf(panel.raw['content']) ?? ''
  const mode = textOf(panel.options['mode']) ?? textOf(panel.raw['mode']) ?? 'markdown'
  const text = interpolate(content, values, 'text')
  return (
    <ScrollBox className="panel-text">
      {mode === 'code' ? <pre className="snippet">{text}</pre> : <Markdown text={text} />}
    </ScrollBox>
  )
}
