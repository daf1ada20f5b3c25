/**
 * Certificates made in a test: a certificate authority, and what it signs for servers and clients.
 *
 * Used by the tests of TLS. A certificate is a few lines of DER (RFC 5280) that `node:crypto` signs, so
 * nothing has to be installed and one is made in a millisecond. Rejected: `openssl`, which not every machine
 * has; certificates kept in the repository, which expire.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { isIP } from 'node:net'

export interface Certificate {
  /** PEM. */
  readonly cert: string
  readonly key: string
  readonly name: string
}

export interface CertificateOptions {
  /** Of its subject. */
  readonly name: string
  /** Names and addresses that it is for; by default 127.0.0.1 and localhost. */
  readonly hosts?: readonly string[]
  /** Who signs it; without one it signs itself. */
  readonly issuer?: Certificate
  readonly isAuthority?: boolean
  /** By default from yesterday to in a month. */
  readonly from?: Date
  readonly until?: Date
}

const DAY_MS = 86_400_000
const SHA256_WITH_ECDSA = '2a8648ce3d040302'
const COMMON_NAME = '550403'
const BASIC_CONSTRAINTS = '551d13'
const ALTERNATIVE_NAMES = '551d11'

export function authority(name = 'Test authority'): Certificate {
  return makeCertificate({ name, hosts: [], isAuthority: true })
}

export function makeCertificate(options: CertificateOptions): Certificate {
  const { name, issuer, isAuthority = false, hosts = ['127.0.0.1', 'localhost'] } = options
  const from = options.from ?? new Date(Date.now() - DAY_MS)
  const until = options.until ?? new Date(Date.now() + 30 * DAY_MS)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(SHA256_WITH_ECDSA))
  const content = sequence(
    tagged(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(issuer?.name ?? name),
    sequence(time(from), time(until)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(hosts, isAuthority))),
  )
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key)
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, signer))
  return {
    name,
    cert: pem('CERTIFICATE', sequence(content, algorithm, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

/** Writes it where settings can name it, as `<name>.crt` and `<name>.key`. */
export function keepCertificate(
  directory: string,
  name: string,
  { cert, key }: Certificate,
): { readonly cert: string; readonly key: string } {
  const files = {
    cert: path.join(directory, `${name}.crt`),
    key: path.join(directory, `${name}.key`),
  }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key, { mode: 0o600 })
  return files
}

function extensions(hosts: readonly string[], isAuthority: boolean): Buffer[] {
  const constraints = isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()
  const all = [sequence(oid(BASIC_CONSTRAINTS), der(0x04, constraints))]
  if (hosts.length === 0) return all
  const names = sequence(...hosts.map(alternativeName))
  return [...all, sequence(oid(ALTERNATIVE_NAMES), der(0x04, names))]
}

function alternativeName(host: string): Buffer {
  if (isIP(host) !== 4) return der(0x82, Buffer.from(host))
  return der(0x87, Buffer.from(host.split('.').map(Number)))
}

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(text)))))
}

/** Until 2049, as X.509 writes it. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function tagged(tag: number, content: Buffer): Buffer {
  return der(tag, content)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...bytes]), content])
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
