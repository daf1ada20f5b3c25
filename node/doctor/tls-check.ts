/**
 * The doctor's look at HTTPS by the node itself: its files, whether they go together, and what clients will say.
 */
import type { Config } from '../../config.ts'
import { doubtsAbout } from '../../gateway/tls/certificate-doubts.ts'
import { StartError } from '../../links/errors.ts'
import { readTlsFiles } from '../../links/tls-files.ts'
import { ok, warning, wrong, type Finding } from './finding.ts'

const CHECK = 'https'

/** Nothing where it serves HTTP. */
export function examineTls({ tlsCert, tlsKey }: Config, now: number): Finding[] {
  if (tlsCert === undefined || tlsKey === undefined) return []
  try {
    const { cert } = readTlsFiles({
      prefix: 'TINYGRID_TLS',
      cert: { path: tlsCert, setting: 'TINYGRID_TLS_CERT' },
      key: { path: tlsKey, setting: 'TINYGRID_TLS_KEY' },
    })
    const doubts = doubtsAbout(cert!, now)
    if (doubts.length === 0) return [ok(CHECK, 'the certificate and its key can be used')]
    return doubts.map(({ isWrong, found, advice }) =>
      (isWrong ? wrong : warning)(CHECK, found, advice),
    )
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const advice =
      'both files are in PEM, the key without a password, and the key is that of the certificate'
    return [wrong(CHECK, error.message, advice)]
  }
}
