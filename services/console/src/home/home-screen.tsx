import { useMe } from '../api/me-context.ts'
import { ConnectCard } from './connect-card.tsx'
import { RequestsCard } from './requests-card.tsx'
import { RolesCard } from './roles-card.tsx'
import { SourcesCard } from './sources-card.tsx'
import { TokensCard } from './tokens-card.tsx'

/** Who I am here, what I may query and how fresh it is, how to ask from elsewhere, and what of mine needs me. */
export default function HomeScreen() {
  const me = useMe()
  return (
    <>
      <div className="screen-head">
        <h1>Welcome, {me.name}</h1>
      </div>
      <div className="columns">
        <div className="stack">
          <RolesCard me={me} />
          <SourcesCard me={me} />
        </div>
        <div className="stack">
          <RequestsCard />
          {me.actions.includes('serviceaccounts:read') && <TokensCard />}
          <ConnectCard sources={me.dataSources} />
        </div>
      </div>
    </>
  )
}
