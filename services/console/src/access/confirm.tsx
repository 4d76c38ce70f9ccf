import { type ReactNode, useState } from 'react'
import * as z from 'zod/mini'
import { useChange } from '../api/use-api.ts'
import { announce } from '../parts/announce.tsx'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/overlay.tsx'
import { ErrorState } from '../parts/states.tsx'
import { Preview, type Proposal } from './preview.tsx'

/** A button that takes something away: it asks first, shows whom that affects, and says when it is done. */
export function RemoveButton({
  label,
  title,
  path,
  method = 'DELETE',
  ifMatch,
  proposal,
  touches,
  done,
  onDone,
  children,
}: {
  readonly label: ReactNode
  readonly title: string
  readonly path: string
  readonly method?: 'DELETE' | 'POST'
  /** ETag of what is taken away, where the API asks for it. */
  readonly ifMatch?: string | undefined
  /** What it changes for whom; left out where access does not change by it. */
  readonly proposal?: Proposal
  readonly touches: readonly string[]
  /** What is said afterwards. */
  readonly done: string
  readonly onDone?: () => void
  readonly children?: ReactNode
}) {
  const [isOpen, setOpen] = useState(false)
  const change = useChange({
    request: () => ({ path, method, ifMatch }),
    schema: z.unknown(),
    touches,
    onDone: () => {
      setOpen(false)
      announce(done)
      onDone?.()
    },
  })
  return (
    <>
      <Button isSmall onClick={() => setOpen(true)}>
        {label}
      </Button>
      {isOpen && (
        <Dialog
          title={title}
          onClose={() => setOpen(false)}
          actions={
            <>
              <Button kind="danger" isBusy={change.isRunning} onClick={() => change.run(undefined)}>
                {title}
              </Button>
              <Button onClick={() => setOpen(false)}>Keep it</Button>
            </>
          }
        >
          {children}
          {proposal !== undefined && <Preview proposal={proposal} />}
          {change.error !== undefined && <ErrorState error={change.error} />}
        </Dialog>
      )}
    </>
  )
}
