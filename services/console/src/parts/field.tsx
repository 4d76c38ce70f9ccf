import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react'

/** What ties a control to its label, hint and error. */
export interface FieldIds {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': true | undefined
}

export interface FieldProps {
  readonly label: string
  readonly hint?: ReactNode
  /** What is wrong with what was entered, and how to mend it. */
  readonly error?: string | undefined
  /** The label is for screen readers only, where the place says it all. */
  readonly isLabelHidden?: boolean
}

/** A labelled control with its hint and error. */
export function Field({
  label,
  hint,
  error,
  isLabelHidden = false,
  children,
}: FieldProps & { readonly children: (ids: FieldIds) => ReactNode }) {
  const id = useId()
  const described = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`]
  const ids: FieldIds = {
    id,
    'aria-describedby': described.filter((one) => one !== '').join(' ') || undefined,
    'aria-invalid': error === undefined ? undefined : true,
  }
  return (
    <div className="field">
      <label htmlFor={id} className={isLabelHidden ? 'visually-hidden' : undefined}>
        {label}
      </label>
      {hint !== undefined && (
        <span id={`${id}-hint`} className="small muted">
          {hint}
        </span>
      )}
      {error !== undefined && (
        <span id={`${id}-error`} className="field-error small">
          {error}
        </span>
      )}
      {children(ids)}
    </div>
  )
}

type OnText = { readonly value: string; readonly onText: (value: string) => void; readonly isSmall?: boolean }
type TextFieldProps = FieldProps &
  OnText &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange' | 'id'>

export function TextField({ label, hint, error, isLabelHidden, onText, isSmall, ...rest }: TextFieldProps) {
  return (
    <Field {...fieldProps({ label, hint, error, isLabelHidden })}>
      {(ids) => (
        <input
          {...rest}
          {...ids}
          className={isSmall ? 'input input-small' : 'input'}
          onChange={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

type TextAreaProps = FieldProps &
  OnText &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'value' | 'onChange' | 'id'>

export function TextArea({ label, hint, error, isLabelHidden, onText, isSmall: _, ...rest }: TextAreaProps) {
  return (
    <Field {...fieldProps({ label, hint, error, isLabelHidden })}>
      {(ids) => (
        <textarea
          {...rest}
          {...ids}
          className="input"
          onChange={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

/** One choice of a {@link Select}. */
export interface Option {
  readonly value: string
  readonly text: string
}

type SelectProps = FieldProps &
  OnText & { readonly options: readonly Option[] } & Omit<
    SelectHTMLAttributes<HTMLSelectElement>,
    'value' | 'onChange' | 'id'
  >

/** A choice among few; for many, or ones that are searched for, take the Combobox. */
export function Select({
  label,
  hint,
  error,
  isLabelHidden,
  onText,
  options,
  isSmall,
  ...rest
}: SelectProps) {
  return (
    <Field {...fieldProps({ label, hint, error, isLabelHidden })}>
      {(ids) => (
        <select
          {...rest}
          {...ids}
          className={isSmall ? 'input input-small' : 'input'}
          onChange={(event) => onText(event.currentTarget.value)}
        >
          {options.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

function fieldProps({
  label,
  hint,
  error,
  isLabelHidden,
}: FieldProps | (Omit<FieldProps, 'isLabelHidden'> & { isLabelHidden: boolean | undefined })): FieldProps {
  return {
    label,
    ...(hint === undefined ? {} : { hint }),
    ...(error === undefined ? {} : { error }),
    ...(isLabelHidden === undefined ? {} : { isLabelHidden }),
  }
}
