import { useMe } from '../api/me-context.ts'
import { AccessCard } from '../parts/access-card.tsx'
import { ConnectCard } from '../parts/connect-card.tsx'
import { RolesCard } from './roles-card.tsx'

/** Who I am here, what I may query, and how to ask from elsewhere. */
export default function HomeScreen() {
  const me = useMe()
  const source = me.dataSources[0]
  return (
    <>
      <div className="screen-head">
        <h1>Welcome, {me.name}</h1>
      </div>
      <div className="columns">
        <div className="stack">
          <RolesCard me={me} />
          <AccessCard me={me} />
        </div>
        {source !== undefined && (
          <div className="stack">
            <ConnectCard source={source} query="up" />
          </div>
        )}
      </div>
    </>
  )
}
