/**
 * A form's draft, what the service says about it, and one submission at a time.
 *
 * Used by the dialogs of webhooks and reports. An error that the service lays to a field of the draft
 * is shown at that field, which is focused; any other is the form's. `use-link-form.ts` is the same for
 * links, which are also checked here on the page.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { toApiError, type ApiError } from './service-call.ts'

type Errors<Draft> = Readonly<Partial<Record<keyof Draft, string>>>

// Of no draft, so of any.
const NONE: Errors<never> = {}

export interface DraftForm<Draft> {
  readonly formRef: { current: HTMLFormElement | null }
  readonly draft: Draft
  readonly errors: Errors<Draft>
  readonly failure: ApiError | undefined
  readonly isSending: boolean
  readonly change: (changes: Partial<Draft>) => void
  readonly submit: () => void
}

/** @param send resolves when the draft is dealt with, rejects with what is wrong about it */
export function useDraftForm<Draft extends object>(
  initial: Draft,
  send: (draft: Draft) => Promise<void>,
): DraftForm<Draft> {
  const formRef = useRef<HTMLFormElement>(null)
  const [draft, setDraft] = useState(initial)
  const [errors, setErrors] = useState<Errors<Draft>>(NONE)
  const [failure, setFailure] = useState<ApiError>()
  const [isSending, setSending] = useState(false)

  useEffect(() => {
    formRef.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [errors])

  async function sendDraft(): Promise<void> {
    setErrors(NONE)
    setFailure(undefined)
    setSending(true)
    try {
      await send(draft)
    } catch (error) {
      const { field, message } = toApiError(error)
      if (field !== undefined && field in draft) setErrors({ [field]: message } as Errors<Draft>)
      else setFailure(toApiError(error))
    }
    setSending(false)
  }
  return {
    formRef,
    draft,
    errors,
    failure,
    isSending,
    change: (changes) => setDraft((current) => ({ ...current, ...changes })),
    submit: () => {
      if (!isSending) void sendDraft()
    },
  }
}
