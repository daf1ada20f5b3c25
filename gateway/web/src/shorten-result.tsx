/**
 * The short link that has just been made, ready to be taken away. Used by the shorten form.
 *
 * Takes the focus when it appears, as copying is what comes next.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import type { Created } from './api.ts'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'
import { OuterLink } from './outer-link.tsx'
import { QrDialog } from './qr-dialog.tsx'

export function ShortenResult({ link, isNew }: Created) {
  const result = useRef<HTMLDivElement>(null)
  const [showsQr, setShowsQr] = useState(false)
  useEffect(() => result.current?.focus(), [link])

  return (
    <div ref={result} class="result" role="group" aria-labelledby="result" tabIndex={-1}>
      <div class="result-text">
        <p class="muted" id="result">
          {isNew ? 'Your short link' : 'This address already has a short link'}
        </p>
        <p class="result-address">
          <OuterLink address={link.shortUrl} text={displayAddress(link.shortUrl)} />
        </p>
      </div>
      <div class="result-actions">
        <CopyButton text={link.shortUrl} isProminent />
        <button type="button" class="button" onClick={() => setShowsQr(true)}>
          <Icon name="qr" />
          QR code
        </button>
      </div>
      {showsQr && <QrDialog link={link} onClose={() => setShowsQr(false)} />}
    </div>
  )
}
