/**
 * Copies a text and says so. Used beside every short link.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { copyText } from './clipboard.ts'
import { Icon } from './icon.tsx'

const FEEDBACK_MS = 2500

interface CopyButtonProps {
  readonly text: string
  /** With the word beside the icon, as the main action; otherwise the icon alone. */
  readonly isProminent?: boolean
}

export function CopyButton({ text, isProminent = false }: CopyButtonProps) {
  const button = useRef<HTMLButtonElement>(null)
  const [outcome, setOutcome] = useState<'Copied' | 'Copying failed'>()

  useEffect(() => {
    if (outcome === undefined) return undefined
    const timer = window.setTimeout(() => setOutcome(undefined), FEEDBACK_MS)
    return () => window.clearTimeout(timer)
  }, [outcome])

  async function copy(): Promise<void> {
    if (button.current === null) return
    setOutcome((await copyText(text, button.current)) ? 'Copied' : 'Copying failed')
  }

  return (
    <span class="copy">
      <button
        ref={button}
        type="button"
        class={isProminent ? 'button button-primary' : 'icon-button'}
        aria-label={`Copy ${text}`}
        title="Copy"
        onClick={() => void copy()}
      >
        <Icon name={outcome === 'Copied' ? 'check' : 'copy'} />
        {isProminent && <span aria-hidden="true">{outcome === 'Copied' ? 'Copied' : 'Copy'}</span>}
      </button>
      <span class="visually-hidden" role="status">
        {outcome}
      </span>
    </span>
  )
}
