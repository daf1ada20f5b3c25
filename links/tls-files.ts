/**
 * Certificates for a connection to a server: which files the settings name, what is in them, and what
 * a failed handshake means.
 *
 * Used by the adapters of NATS, Redis, MongoDB and ClickHouse, so that each says the same of the same
 * mistake. Files are read when a connection is made for the first time; whoever renews a client's
 * certificate restarts the node. Rejected: the URL of each server as the place for them, since each
 * driver has other words there and two have none.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { StartError } from './errors.ts'

export interface TlsFile {
  readonly path: string
  /** Which setting named it. */
  readonly setting: string
}

/** Plain values, so that they can be told to another process. */
export interface TlsFiles {
  /** What the settings of this server begin with, `NATS_TLS`. */
  readonly prefix: string
  /** Authorities that are believed, instead of those that Node believes. */
  readonly ca?: TlsFile | undefined
  /** Who we are; both or none. */
  readonly cert?: TlsFile | undefined
  readonly key?: TlsFile | undefined
  /** What the certificate must be for, instead of the URL's host. */
  readonly serverName?: string | undefined
}

/** As `tls.connect` takes them. */
export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/** Of one file; a bundle of all public authorities has a fifth of it. */
const FILE_BYTES_MAX = 2 ** 20
/** How far an error is followed to what caused it. */
const CAUSES_MAX = 8

/** @throws StartError if a file cannot be read, or is not what it should be */
export function readTlsFiles({ ca, cert, key, serverName }: TlsFiles): TlsMaterial {
  const material = {
    ...(ca !== undefined && { ca: certificateIn(ca) }),
    ...(cert !== undefined && { cert: certificateIn(cert) }),
    ...(key !== undefined && { key: keyIn(key) }),
    ...(serverName !== undefined && { servername: serverName }),
  }
  if (cert !== undefined && key !== undefined) checkPair(material, cert, key)
  return material
}

/** @throws StartError if the key is not that of the certificate */
function checkPair(material: TlsMaterial, cert: TlsFile, key: TlsFile): void {
  try {
    createSecureContext(material)
  } catch (cause) {
    const files = `${cert.setting} and ${key.setting}`
    const why = (cause as Error).message
    throw new StartError(`${files} cannot be used together: ${why}`, { cause })
  }
}

/** One certificate, or several, in PEM. @throws StartError */
function certificateIn(file: TlsFile): string {
  return contentOf(file, 'certificate', (text) => new X509Certificate(text))
}

/** In PEM. @throws StartError */
function keyIn(file: TlsFile): string {
  return contentOf(file, 'private key without a password', (text) => createPrivateKey(text))
}

function contentOf(
  { path, setting }: TlsFile,
  what: string,
  check: (text: string) => unknown,
): string {
  const where = `${setting} is ${JSON.stringify(path)}`
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new StartError(`${where}, which cannot be read (${code})`, { cause })
  }
  try {
    if (text.length > FILE_BYTES_MAX) throw new Error('it is too long')
    check(text)
    return text
  } catch (cause) {
    throw new StartError(`${where}, which has no ${what} in PEM`, { cause })
  }
}

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])
/** What a server answers that does not speak TLS. */
const NO_TLS =
  /^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)|SERVER_OPT_NA)$/
const CLIENT_REFUSED =
  /^ERR_SSL_\S*ALERT\S*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/

/** What an operator has to mend, to follow the server's name; undefined: it is not about TLS. */
export function tlsFailureOf(error: unknown, files: TlsFiles): string | undefined {
  const { prefix, ca, cert } = files
  for (const { code = '', cert: shown } of causesOf(error)) {
    const authority = ca?.setting ?? `${prefix}_CA`
    if (UNKNOWN_AUTHORITY.has(code)) {
      return `has a certificate that no authority known here has signed; check ${authority}`
    }
    if (code === 'CERT_HAS_EXPIRED') return 'has a certificate that has expired'
    if (code === 'CERT_NOT_YET_VALID') {
      return 'has a certificate that is not valid yet; check the clocks'
    }
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      const names = shown?.subjectaltname ?? 'no name'
      return `has a certificate for another name (${names}); check its URL, or set ${prefix}_SERVER_NAME`
    }
    if (NO_TLS.test(code)) return 'does not speak TLS there; check its URL'
    if (CLIENT_REFUSED.test(code)) {
      const own = cert?.setting ?? `${prefix}_CERT`
      return `does not take this node's certificate; check ${own}`
    }
  }
  return undefined
}

interface Failure {
  readonly code?: string
  readonly cert?: { readonly subjectaltname?: string }
  readonly cause?: unknown
  /** Where the driver of NATS has it. */
  readonly chainedError?: unknown
  readonly errors?: unknown
}

function* causesOf(error: unknown): Generator<Failure> {
  const waiting = [error]
  for (let count = 0; count < CAUSES_MAX && waiting.length > 0; count++) {
    const next = waiting.shift()
    if (!(next instanceof Error)) continue
    const failure = next as Failure
    yield failure
    waiting.push(failure.cause, failure.chainedError)
    if (Array.isArray(failure.errors)) waiting.push(...failure.errors)
  }
}
