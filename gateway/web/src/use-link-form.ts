/**
 * What the shorten form and the edit dialog have in common: a draft, its errors and one submission
 * at a time.
 *
 * An error that the service lays to a field of the form is shown at that field, which is focused;
 * any other is the form's.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { toApiError, type ApiError } from './service-call.ts'
import { ruleComplaint } from './rule-draft.ts'
import { draftErrors, type DraftField, type FieldErrors, type LinkDraft } from './link-draft.ts'

export interface LinkForm {
  readonly formRef: { current: HTMLFormElement | null }
  readonly draft: LinkDraft
  readonly errors: FieldErrors
  readonly failure: ApiError | undefined
  readonly isSending: boolean
  readonly change: (field: DraftField, value: string) => void
  /** Starts over from `draft`, without errors. */
  readonly reset: (draft: LinkDraft) => void
  readonly submit: () => void
  /** Takes away what the last submission complained about. */
  readonly forgive: () => void
}

/** @param send resolves when the draft is dealt with, rejects with what is wrong about it */
export function useLinkForm(
  initial: LinkDraft,
  send: (draft: LinkDraft) => Promise<void>,
): LinkForm {
  const formRef = useRef<HTMLFormElement>(null)
  const [draft, setDraft] = useState(initial)
  const [errors, setErrors] = useState<FieldErrors>({})
  const [failure, setFailure] = useState<ApiError>()
  const [isSending, setSending] = useState(false)

  useEffect(() => {
    formRef.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [errors])

  const change = useCallback((field: DraftField, value: string) => {
    setDraft((current) => ({ ...current, [field]: value }))
  }, [])
  const forgive = useCallback(() => {
    setErrors({})
    setFailure(undefined)
  }, [])
  const reset = useCallback((next: LinkDraft) => {
    setDraft(next)
    forgive()
  }, [])

  async function sendDraft(): Promise<void> {
    const found = draftErrors(draft)
    setErrors(found)
    setFailure(undefined)
    if (Object.keys(found).length > 0) return
    setSending(true)
    try {
      await send(draft)
    } catch (error) {
      const { field, message } = toApiError(error)
      if (field !== undefined && field in draft) setErrors({ [field]: message })
      else if (field?.startsWith('rules[')) setErrors({ rules: ruleComplaint(field, message) })
      else setFailure(toApiError(error))
    }
    setSending(false)
  }
  const submit = () => {
    if (!isSending) void sendDraft()
  }
  return { formRef, draft, errors, failure, isSending, change, reset, submit, forgive }
}
