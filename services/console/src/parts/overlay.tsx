import { type MouseEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import { Icon } from './icon.tsx'

interface OverlayProps {
  readonly title: string
  /** Escape, the cross, or a press beside it. Without it, one of the actions has to be chosen. */
  readonly onClose?: () => void
  readonly children: ReactNode
  /** Buttons at the end, the main one first. */
  readonly actions?: ReactNode
}

/** A modal of the browser's own: it keeps the focus in, closes on Escape and gives the focus back to what opened it. */
function Overlay({
  title,
  onClose,
  children,
  actions,
  kind,
}: OverlayProps & { readonly kind: 'dialog' | 'drawer' }) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const opener = document.activeElement
    const dialog = ref.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => {
      dialog?.close()
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  const onPress = (event: MouseEvent<HTMLDialogElement>): void => {
    if (event.target === ref.current) onClose?.()
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- Escape does the same
    <dialog
      ref={ref}
      className={kind}
      aria-labelledby={id}
      onMouseDown={onPress}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
    >
      <div className="overlay">
        <div className="overlay-head">
          <h2 id={id}>{title}</h2>
          {onClose !== undefined && (
            <button type="button" className="button button-quiet button-icon" onClick={onClose}>
              <Icon name="close" />
              <span className="visually-hidden">Close</span>
            </button>
          )}
        </div>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
        <div className="overlay-body stack" tabIndex={0} role="group" aria-labelledby={id}>
          {children}
        </div>
        {actions !== undefined && <div className="overlay-foot row">{actions}</div>}
      </div>
    </dialog>
  )
}

/** A question or a short form in front of everything. Show it by rendering it. */
export function Dialog(props: OverlayProps) {
  return <Overlay {...props} kind="dialog" />
}

/** Details at the side, of one row or thing. Show it by rendering it. */
export function Drawer(props: OverlayProps) {
  return <Overlay {...props} kind="drawer" />
}
