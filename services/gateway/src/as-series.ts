import type { Answer } from './answer.ts'
import { bodyOf } from './completeness.ts'
import { readEnvelope, unusableAnswer } from './upstream-envelope.ts'

/** An answer that lists values of a label, as series that have this label and no other. @throws GatehouseError as `readBody` */
export async function asSeries(answer: Answer, label: string): Promise<Answer> {
  const { data, warnings, infos } = readEnvelope(await bodyOf(answer))
  if (!Array.isArray(data)) throw unusableAnswer('no list of values')
  const values: readonly unknown[] = data
  const body = JSON.stringify({
    status: 'success',
    data: values.map((value) => Object.fromEntries([[label, value]])),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(infos.length === 0 ? {} : { infos }),
  })
  return { kind: 'body', rendered: { status: 200, headers: { 'content-type': 'application/json' }, body } }
}
