import { type ReactNode, useEffect } from 'react'
import type { ApiError } from '../api/client.ts'
import type { Change } from '../api/use-api.ts'
import { Button } from '../parts/button.tsx'

/** Reads what is there by now when a save was refused because of it. */
export function useReloadOnConflict(error: ApiError | undefined, reload: () => void): void {
  const isConflict = error?.status === 412
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for each refusal; reload is new on every render
  useEffect(() => {
    if (isConflict) reload()
  }, [isConflict])
}

/** Whether a save is on its way or done: what is there by now is then one's own. */
export function isOver({ isRunning, value }: Pick<Change<never, unknown>, 'isRunning' | 'value'>): boolean {
  return isRunning || value !== undefined
}

/** Somebody else changed what this form changes: what it is now, and the two ways on. What was typed stays until one is chosen. */
export function Meanwhile({
  children,
  onMine,
  onTheirs,
}: {
  readonly children: ReactNode
  readonly onMine: () => void
  readonly onTheirs: () => void
}) {
  return (
    <div className="notice notice-caution stack-tight" role="alert">
      <strong>Somebody changed this meanwhile</strong>
      {children}
      <div className="row">
        <Button isSmall onClick={onTheirs}>
          Take what is there now
        </Button>
        <Button isSmall onClick={onMine}>
          Keep what I typed, to replace it
        </Button>
      </div>
    </div>
  )
}
