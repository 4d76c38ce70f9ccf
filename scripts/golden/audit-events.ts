import { eventClass, eventTable } from '@gatehouse/audit'

const letters: Readonly<Record<string, string>> = {
  Q: 'Queries',
  V: 'Control plane, reading',
  L: 'Sign-in and sessions',
  T: 'Tokens',
  A: 'Access',
  C: 'Catalogue: data sources, folders, dashboards',
  R: 'Reviews',
  E: 'The audit log itself',
  X: 'Break-glass',
  S: 'The system',
}

function rowsOf(letter: string): string[] {
  return Object.entries(eventTable)
    .filter(([stem]) => stem.startsWith(letter))
    .flatMap(([stem, titles]) =>
      Object.entries(titles).map(([severity, title]) => `| \`${stem}${severity}\` | ${title} |`),
    )
}

/** The reference page of event codes. */
export function auditEventsReference(): string {
  const sections = Object.entries(letters).map(([letter, name]) =>
    [
      `## ${letter}: ${name}`,
      '',
      `Retention class \`${eventClass(letter)}\`.`,
      '',
      '| Code | Meaning |',
      '|---|---|',
      ...rowsOf(letter),
    ].join('\n'),
  )
  return `# Audit event codes

Generated from \`libs/audit/src/codes.ts\` by \`npm run golden\`. A code is a letter for what it is about, a number, and a letter for how
it went: **I** done, **W** done with a reservation, **D** denied, **E** failed. Codes never change their meaning and are never used
again.

${sections.join('\n\n')}
`
}
