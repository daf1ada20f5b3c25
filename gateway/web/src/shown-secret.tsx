/**
 * A secret that was made just now, in the window that made it: shown this once, to be copied. Used for keys and
 * for webhooks.
 */
import type { ComponentChildren } from 'preact'
import { CopyButton } from './copy-button.tsx'

interface ShownSecretProps {
  readonly secret: string
  readonly onClose: () => void
  /** What it is for, and that it is not shown again. */
  readonly children: ComponentChildren
}

export function ShownSecret({ secret, onClose, children }: ShownSecretProps) {
  return (
    <div class="form">
      <p>{children}</p>
      <p class="secret">
        <span class="code">{secret}</span>
        <CopyButton text={secret} />
      </p>
      <div class="dialog-actions">
        <button type="button" class="button button-primary" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  )
}
