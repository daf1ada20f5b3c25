/**
 * The fields of a link that are optional, and the same when it is made and when it is edited.
 *
 * Used by the shorten form and the edit dialog.
 */
import type { LinkForm } from './use-link-form.ts'
import { AdvancedSettings } from './advanced-settings.tsx'
import { RuleEditor } from './rule-editor.tsx'
import { TextField } from './text-field.tsx'

export function LinkSettings({ form }: { form: LinkForm }) {
  const { draft, errors, change } = form
  return (
    <>
      <TextField
        label="Title"
        value={draft.title}
        onInput={(value) => change('title', value)}
        error={errors.title}
      />
      <TextField
        label="Tags"
        value={draft.tags}
        onInput={(value) => change('tags', value)}
        error={errors.tags}
        hint="Separated by commas"
        input={{ autocapitalize: 'none' }}
      />
      <TextField
        label="Expires"
        value={draft.expiresAt}
        onInput={(value) => change('expiresAt', value)}
        error={errors.expiresAt}
        hint="In your time zone; empty: never"
        input={{ type: 'datetime-local' }}
      />
      <TextField
        label="Visits at most"
        value={draft.maxVisits}
        onInput={(value) => change('maxVisits', value)}
        error={errors.maxVisits}
        hint="Empty: no limit"
        input={{ inputmode: 'numeric' }}
      />
      <PasswordField form={form} />
      <RuleEditor
        value={draft.rules}
        error={errors.rules}
        onInput={(value) => change('rules', value)}
      />
      <AdvancedSettings form={form} />
    </>
  )
}

function PasswordField({ form }: { form: LinkForm }) {
  const { draft, errors, change } = form
  const isKept = draft.protection === 'kept'
  return (
    <div>
      <TextField
        label={draft.protection === '' ? 'Password' : 'New password'}
        value={draft.password}
        onInput={(value) => change('password', value)}
        error={errors.password}
        hint={isKept ? 'Empty: as it is' : 'Empty: visitors are asked for none'}
        input={{ type: 'password', autocomplete: 'new-password' }}
      />
      {draft.protection !== '' && (
        <label class="check">
          <input
            type="checkbox"
            checked={isKept}
            onChange={(event) =>
              change('protection', event.currentTarget.checked ? 'kept' : 'removed')
            }
          />
          <span>Visitors are asked for the password it has</span>
        </label>
      )}
    </div>
  )
}
