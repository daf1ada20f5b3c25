/**
 * Shows a short link as a QR code, to scan or to download. Used by the result and by every row.
 *
 * Black on white in the dark theme too: many scanners read nothing else.
 */
import { useMemo, useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import type { Link } from './api.ts'
import { toApiError, type ApiError } from './service-call.ts'
import { CopyButton } from './copy-button.tsx'
import { Dialog } from './dialog.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { download, qrImage, qrPngFile, qrSvgFile } from './qr-image.ts'

export function QrDialog({ link, onClose }: { link: Link; onClose: () => void }) {
  const image = useMemo(() => qrImage(link.shortUrl), [link.shortUrl])
  const [failure, setFailure] = useState<ApiError>()
  const address = displayAddress(link.shortUrl)

  async function save(kind: 'svg' | 'png'): Promise<void> {
    try {
      const file = kind === 'svg' ? qrSvgFile(image) : await qrPngFile(image)
      download(file, `${link.code.replace('/', '-')}.${kind}`)
    } catch (error) {
      setFailure(toApiError(error))
    }
  }

  return (
    <Dialog title="QR code" onClose={onClose}>
      <svg
        class="qr"
        viewBox={`0 0 ${image.size} ${image.size}`}
        role="img"
        aria-label={`QR code for ${address}`}
        shape-rendering="crispEdges"
      >
        <path d={image.path} />
      </svg>
      <p class="qr-address">
        <span class="code">{address}</span>
        <CopyButton text={link.shortUrl} />
      </p>
      {failure !== undefined && <FailureNotice error={failure} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => void save('svg')}>
          Download SVG
        </button>
        <button type="button" class="button" onClick={() => void save('png')}>
          Download PNG
        </button>
      </div>
    </Dialog>
  )
}
