import { EmptyState } from '../parts/states.tsx'
import type { Asked } from './answers.ts'
import { contradictions } from './matchers.ts'
import { useExplanation } from './use-explore.ts'

/** Why there is no series, as far as the question itself tells: nothing is said about what others have. */
export function NothingFound({ asked }: { readonly asked: Asked }) {
  const { value } = useExplanation(asked, true)
  const found = value === undefined ? [] : contradictions(value)
  return (
    <EmptyState title="No series">
      {found.map(({ mine, imposed }) => (
        <p key={mine}>
          Your matcher <code>{mine}</code> and <code>{imposed}</code>, which Gatehouse adds for you, cannot
          both hold, so no series fits.
        </p>
      ))}
      <p>
        {found.length > 0
          ? 'Leave the matcher away to see what you may see.'
          : 'Either nothing has this name and these labels at this time, or it lies outside what you can query. The tab “Enforced query” shows what was asked on your behalf.'}
      </p>
    </EmptyState>
  )
}
