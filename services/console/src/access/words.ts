import type { Subject, Where } from './model.ts'

const kinds: Readonly<Record<string, string>> = {
  user: 'person',
  'service-account': 'service account',
  'data-source': 'data source',
}

/** A kind as people say it. */
export function kindWord(kind: string): string {
  return kinds[kind] ?? kind
}

/** `team signals`, `service account reporting`. */
export function subjectText({ kind, uid }: Subject): string {
  return `${kindWord(kind)} ${uid}`
}

/** `all of Transport`, `data source metrics`. */
export function whereText({ kind, uid }: Where, org: string): string {
  return kind === 'org' ? `all of ${org}` : `${kindWord(kind)} ${uid ?? ''}`
}

/** `team:signals` or `user:…` of a reason as words. */
export function viaText(via: string): string {
  const [kind = '', uid = ''] = via.split(':')
  if (kind === 'team') return `team ${uid}`
  return kind === 'service-account' ? 'a grant to this account' : 'a grant of their own'
}

/** Where a subject is shown; teams and people each have a page. */
export function subjectLink({ kind, uid }: Subject): string {
  const page = { user: 'people', team: 'teams', 'service-account': 'service-accounts' }[kind]
  return `/access/${page}/${encodeURIComponent(uid)}`
}

/** `{a="b"}` and the like: whether it may be a selector, to say so before the API does. */
export function isSelector(text: string): boolean {
  return /^\{.*\}$/s.test(text.trim())
}
