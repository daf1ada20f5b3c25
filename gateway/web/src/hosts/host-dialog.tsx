/**
 * Blocks a host, or asks whether and by what one is blocked. Used by the page of blocked hosts.
 */
import { useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { DraftFormBody } from '../draft-form.tsx'
import { TextField } from '../text-field.tsx'
import { useDraftForm } from '../use-draft-form.ts'
import type { Verdict } from './hosts-api.ts'

interface HostDialogProps {
  readonly api: Api
  readonly onClose: () => void
}

export function BlockDialog({
  api,
  onBlocked,
  onClose,
}: HostDialogProps & { readonly onBlocked: () => void }) {
  const form = useDraftForm({ host: '', note: '' }, async ({ host, note }) => {
    await api.hosts.block(host.trim(), note.trim() === '' ? null : note.trim())
    onBlocked()
    onClose()
  })
  const { draft, errors, change } = form
  return (
    <Dialog title="Block a host" onClose={onClose}>
      <DraftFormBody form={form} onCancel={onClose}>
        <TextField
          label="Host"
          value={draft.host}
          onInput={(host) => change({ host })}
          error={errors.host}
          hint="Such as bad.example; *.bad.example is all hosts below it, and not itself"
        />
        <TextField
          label="Why"
          value={draft.note}
          onInput={(note) => change({ note })}
          error={errors.note}
          hint="For the people who look at this list"
        />
      </DraftFormBody>
    </Dialog>
  )
}

export function AskDialog({ api, onClose }: HostDialogProps) {
  const [verdict, setVerdict] = useState<Verdict>()
  const form = useDraftForm({ host: '' }, async ({ host }) => {
    setVerdict(await api.hosts.ask(host.trim()))
  })
  const { draft, errors, change } = form
  return (
    <Dialog title="Is a host blocked?" onClose={onClose}>
      <DraftFormBody form={form} onCancel={onClose} action="Ask">
        <TextField
          label="Host"
          value={draft.host}
          onInput={(host) => {
            setVerdict(undefined)
            change({ host })
          }}
          error={errors.host}
        />
        <p role="status">{verdict !== undefined && verdictText(verdict)}</p>
      </DraftFormBody>
    </Dialog>
  )
}

function verdictText({ host, isBlocked, by, source }: Verdict): string {
  if (!isBlocked) return `${host} is not blocked.`
  return `${host} is blocked by ${by}, ${source === 'file' ? 'in the file' : 'on this list'}.`
}
