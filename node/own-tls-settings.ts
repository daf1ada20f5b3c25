/**
 * The settings of HTTPS by the node itself, and with them all of TLS.
 *
 * Part of the one list in `config.ts`. Without a certificate the node speaks HTTP, behind something that
 * speaks TLS for it.
 */
import type { Logger } from 'pino'
import { doubtsAbout } from '../gateway/tls/certificate-doubts.ts'
import { OwnCertificate } from '../gateway/tls/own-certificate.ts'
import { systemClock } from '../links/clock.ts'
import {
  checkServerTls,
  SERVER_TLS_SETTINGS,
  type ServerTlsSetting,
} from './server-tls-settings.ts'
import { ConfigError, integer, text } from './setting.ts'

const HSTS_SECONDS_MAX = 63_072_000

const OWN_TLS_SETTINGS = {
  tlsCert: text('TINYGRID_TLS_CERT', {
    about:
      'file (PEM) of the certificate, with those between it and its authority; makes the node serve HTTPS, ' +
      'with HTTP/2, and is looked at again every 5 s',
  }),
  tlsKey: text('TINYGRID_TLS_KEY', { about: 'file (PEM) of its key' }),
  tlsRedirectPort: integer('TINYGRID_TLS_REDIRECT_PORT', {
    min: 1,
    max: 65_535,
    about: 'a second port, for HTTP, that leads to HTTPS and does nothing else; none by default',
  }),
  hstsSeconds: integer('TINYGRID_TLS_HSTS', {
    fallback: '0',
    min: 0,
    max: HSTS_SECONDS_MAX,
    unit: 'seconds; 0 for never',
    about: 'how long browsers are told to call this host by HTTPS alone',
  }),
} as const

export const TLS_SETTINGS = { ...OWN_TLS_SETTINGS, ...SERVER_TLS_SETTINGS } as const

/** Those that have no default. */
export type OptionalTlsSetting = ServerTlsSetting | 'tlsCert' | 'tlsKey' | 'tlsRedirectPort'

/** @throws ConfigError if what is set of TLS, here and to servers, does not go together */
export function checkTls(values: OwnTlsValues & Parameters<typeof checkServerTls>[0]): void {
  checkOwnTls(values)
  checkServerTls(values)
}

interface OwnTlsValues {
  readonly tlsCert?: string | undefined
  readonly tlsKey?: string | undefined
  readonly tlsRedirectPort?: number | undefined
  readonly hstsSeconds: number
}

/** @throws ConfigError if one means nothing without another */
function checkOwnTls({ tlsCert, tlsKey, tlsRedirectPort, hstsSeconds }: OwnTlsValues): void {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [has, lacks] = tlsCert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY']
    throw new ConfigError(
      `TINYGRID_TLS_${has} is set, but TINYGRID_TLS_${lacks} is not: both or none`,
    )
  }
  if (tlsCert !== undefined) return
  const stray = tlsRedirectPort === undefined ? 'TINYGRID_TLS_HSTS' : 'TINYGRID_TLS_REDIRECT_PORT'
  if (tlsRedirectPort !== undefined || hstsSeconds > 0) {
    throw new ConfigError(
      `${stray} is set, but TINYGRID_TLS_CERT is not: without it there is no HTTPS`,
    )
  }
}

/** undefined: the node speaks HTTP. @throws StartError */
export function ownCertificateOf(
  { tlsCert, tlsKey }: OwnTlsValues,
  logger: Logger,
): OwnCertificate | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const certificate = new OwnCertificate({
    cert: { path: tlsCert, setting: 'TINYGRID_TLS_CERT' },
    key: { path: tlsKey, setting: 'TINYGRID_TLS_KEY' },
    clock: systemClock,
    onRenewed: (until) => logger.info({ until }, 'the certificate was renewed'),
    onBroken: (what) =>
      logger.error(`the certificate was not renewed, the old one goes on: ${what}`),
  })
  for (const { found } of doubtsAbout(certificate.served.cert!, Date.now())) {
    logger.warn(`TINYGRID_TLS_CERT: ${found}`)
  }
  return certificate
}
