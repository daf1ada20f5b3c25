/**
 * What the forms in dialogs are made of: the form with its buttons, and a choice with its
 * label and the error that concerns it.
 */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { FailureNotice } from './failure-notice.tsx'
import type { DraftForm } from './use-draft-form.ts'

const SAVE = 'Save'

interface DraftFormBodyProps {
  readonly form: Pick<DraftForm<unknown>, 'formRef' | 'failure' | 'isSending' | 'submit'>
  readonly onCancel: () => void
  /** What the button that sends it says. */
  readonly action?: string
  readonly children: ComponentChildren
}

export function DraftFormBody({ form, onCancel, action = SAVE, children }: DraftFormBodyProps) {
  return (
    <form
      ref={form.formRef}
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        form.submit()
      }}
    >
      {children}
      {form.failure !== undefined && <FailureNotice error={form.failure} onRetry={form.submit} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class="button button-primary" aria-disabled={form.isSending}>
          {form.isSending && action === SAVE ? 'Saving …' : action}
        </button>
      </div>
    </form>
  )
}

interface SelectFieldProps<Value extends string> {
  readonly label: string
  readonly options: readonly (readonly [value: Value, name: string])[]
  readonly value: Value
  readonly onChoose: (value: Value) => void
  readonly error?: string | undefined
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { label, options, value, onChoose, error } = props
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="select"
        value={value}
        aria-invalid={error !== undefined}
        {...(error !== undefined && { 'aria-describedby': `${id}-error` })}
        onChange={(event) => onChoose(event.currentTarget.value as Value)}
      >
        {options.map(([one, name]) => (
          <option key={one} value={one} selected={one === value}>
            {name}
          </option>
        ))}
      </select>
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}
