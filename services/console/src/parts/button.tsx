import type { ButtonHTMLAttributes, ReactNode } from 'react'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> {
  /** `main` once per screen or dialog; `danger` for what cannot be undone; `quiet` for what stands beside other things. */
  readonly kind?: 'main' | 'plain' | 'quiet' | 'danger'
  readonly isSmall?: boolean
  /** On its way: stays focusable, does nothing, says so. */
  readonly isBusy?: boolean | undefined
  readonly children: ReactNode
}

/** A button. There is no disabled one: one that cannot be used is left out, or says why when pressed. */
export function Button({
  kind = 'plain',
  isSmall = false,
  isBusy = false,
  onClick,
  className = '',
  ...rest
}: ButtonProps) {
  const classes = ['button', `button-${kind}`, isSmall ? 'button-small' : '', className]
  return (
    <button
      type="button"
      {...rest}
      className={classes.filter((one) => one !== '').join(' ')}
      aria-disabled={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.(event)
      }}
    />
  )
}
