import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'

/** A button that opens a small panel below it; Escape, leaving it or a press elsewhere closes it. */
export function Disclosure({
  button,
  align = 'end',
  className = '',
  children,
}: {
  readonly button: ReactNode
  readonly align?: 'start' | 'end'
  readonly className?: string
  readonly children: (close: () => void) => ReactNode
}) {
  const [isOpen, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const id = useId()
  useEffect(() => {
    if (!isOpen) return undefined
    const onPress = (event: Event): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) === false) setOpen(false)
    }
    document.addEventListener('pointerdown', onPress)
    document.addEventListener('focusin', onPress)
    return () => {
      document.removeEventListener('pointerdown', onPress)
      document.removeEventListener('focusin', onPress)
    }
  }, [isOpen])
  const close = (): void => {
    setOpen(false)
    opener.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !isOpen) return
    event.stopPropagation()
    close()
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape within it
    <div ref={box} className={`disclosure ${className}`} onKeyDown={onKeyDown}>
      <button
        ref={opener}
        type="button"
        className="button button-quiet button-small"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {button}
      </button>
      <div id={id} className={`disclosure-panel disclosure-${align}`} hidden={!isOpen}>
        {isOpen && children(close)}
      </div>
    </div>
  )
}
