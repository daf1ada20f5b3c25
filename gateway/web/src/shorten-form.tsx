/**
 * Makes short links: one address, and behind a fold everything else that can be said about it.
 *
 * Used by the app, signed in or not: a service may let everyone create links, and one that does not
 * answers 401, which asks for the key and leaves the form as it is.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Api, Created } from './api.ts'
import { ApiError } from './service-call.ts'
import { FailureNotice } from './failure-notice.tsx'
import { EMPTY_DRAFT, newLinkOf } from './link-draft.ts'
import { LinkSettings } from './link-settings.tsx'
import { ShortenResult } from './shorten-result.tsx'
import { Choice } from './stats/choice.tsx'
import { TextField } from './text-field.tsx'
import { useDomains } from './use-domains.ts'
import { useLinkForm, type LinkForm } from './use-link-form.ts'

interface ShortenFormProps {
  readonly api: Api
  /** The link made last, as long as it is of interest. */
  readonly result: Created | undefined
  readonly onResult: (result: Created | undefined) => void
  readonly onKeyNeeded: () => void
}

export function ShortenForm({ api, result, onResult, onKeyNeeded }: ShortenFormProps) {
  const [wantsNewCode, setWantsNewCode] = useState(false)

  const form = useLinkForm(EMPTY_DRAFT, async (draft) => {
    onResult(undefined)
    try {
      const created = await api.create(newLinkOf(draft, wantsNewCode))
      form.reset({ ...EMPTY_DRAFT, domain: draft.domain })
      setWantsNewCode(false)
      onResult(created)
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'unauthorized')) throw error
      onKeyNeeded()
      throw new ApiError(
        'unauthorized',
        'This service asks for its API key first: sign in below, then try again.',
      )
    }
  })

  // Whoever signs in has dealt with what the form complained about.
  useEffect(form.forgive, [api])

  return (
    <section class="card shorten" aria-labelledby="shorten">
      <h1 id="shorten">Shorten a link</h1>
      <form
        ref={form.formRef}
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          form.submit()
        }}
      >
        <div class="form-row form-row-large">
          <TextField
            label="Address"
            value={form.draft.url}
            onInput={(value) => form.change('url', value)}
            error={form.errors.url}
            input={{
              inputmode: 'url',
              autocapitalize: 'none',
              spellcheck: false,
              placeholder: 'https://example.com/a/long/address',
            }}
          />
          <button type="submit" class="button button-primary" aria-disabled={form.isSending}>
            {form.isSending ? 'Shortening …' : 'Shorten'}
          </button>
        </div>
        <DomainField api={api} form={form} />
        <Options form={form} wantsNewCode={wantsNewCode} onNewCode={setWantsNewCode} />
        {form.failure !== undefined && <FailureNotice error={form.failure} onRetry={form.submit} />}
      </form>
      {result !== undefined && <ShortenResult {...result} />}
    </section>
  )
}

/** Only where there is a choice. */
function DomainField({ api, form }: { readonly api: Api; readonly form: LinkForm }) {
  const options = useDomains(api, '')
  if (options.length === 0) return null
  return (
    <label class="field">
      <span>Domain</span>
      <Choice
        label="Domain"
        options={options}
        value={form.draft.domain}
        onChoose={(domain) => form.change('domain', domain)}
      />
      {form.errors.domain !== undefined && <span class="field-error">{form.errors.domain}</span>}
    </label>
  )
}

interface OptionsProps {
  readonly form: LinkForm
  readonly wantsNewCode: boolean
  readonly onNewCode: (wanted: boolean) => void
}

function Options({ form, wantsNewCode, onNewCode }: OptionsProps) {
  const [isOpen, setOpen] = useState(false)
  const hasError = Object.keys(form.errors).some((field) => field !== 'url')
  useEffect(() => {
    if (hasError) setOpen(true)
  }, [hasError])

  return (
    <details
      class="options"
      open={isOpen || hasError}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Options</summary>
      <div class="field-grid">
        <TextField
          label="Own code"
          value={form.draft.code}
          onInput={(value) => form.change('code', value)}
          error={form.errors.code}
          hint="Letters, digits, - and _"
          input={{ autocapitalize: 'none', spellcheck: false }}
        />
        <LinkSettings form={form} />
        <label class="check">
          <input
            type="checkbox"
            checked={wantsNewCode}
            onChange={(event) => onNewCode(event.currentTarget.checked)}
          />
          <span>Always a new code, even if this address has one</span>
        </label>
      </div>
    </details>
  )
}
