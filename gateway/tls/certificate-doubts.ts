/**
 * What clients will find wrong with a certificate that can be served: its times, and what lies between it and its
 * authority.
 *
 * Used at the start and by the doctor. None of it stops a server: an old certificate may be better than none, and
 * who is to believe it only clients know. Pure.
 */
import { X509Certificate } from 'node:crypto'

/** Whoever renews does it earlier. */
const SOON_MS = 14 * 86_400_000
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

export interface CertificateDoubt {
  readonly isWrong: boolean
  /** One sentence, about the file of TINYGRID_TLS_CERT. */
  readonly found: string
  readonly advice: string
}

/** @param pem the certificate, and those behind it */
export function doubtsAbout(pem: string, now: number): CertificateDoubt[] {
  const chain = (pem.match(PEM) ?? []).map((text) => new X509Certificate(text))
  const own = chain[0]
  if (own === undefined) return []
  return [...doubtsOfTime(own, now), ...doubtsOfChain(own, chain.slice(1))]
}

function doubtsOfTime(own: X509Certificate, now: number): CertificateDoubt[] {
  const { validFromDate: from, validToDate: to } = own
  if (now > to.getTime()) {
    const advice = 'renew it; it is read again while the server runs'
    return [{ isWrong: true, found: `the certificate has expired on ${dayOf(to)}`, advice }]
  }
  if (now < from.getTime()) {
    const found = `the certificate is valid from ${from.toISOString()} on, which is not yet`
    return [{ isWrong: true, found, advice: "check this machine's clock" }]
  }
  if (to.getTime() - now > SOON_MS) return []
  const advice = 'see whether it is renewed by itself'
  return [{ isWrong: false, found: `the certificate expires on ${dayOf(to)}`, advice }]
}

function doubtsOfChain(
  own: X509Certificate,
  behind: readonly X509Certificate[],
): CertificateDoubt[] {
  const advice =
    'put those between it and its authority behind it into the file: of certbot and the like that is fullchain.pem'
  // Who signs itself has nobody behind it; clients are told of it by other ways.
  if (own.checkIssued(own)) return []
  if (behind.length === 0) {
    const found = `the file has no certificate behind its own, which ${nameOf(own.issuer)} has signed`
    return [{ isWrong: false, found, advice }]
  }
  let last = own
  for (const next of behind) {
    if (!last.checkIssued(next)) {
      const found = `in the file the certificate of ${nameOf(next.subject)} follows one that ${nameOf(last.issuer)} has signed`
      return [{ isWrong: true, found, advice }]
    }
    last = next
  }
  return []
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

function nameOf(distinguished: string): string {
  return /CN=([^\n]*)/.exec(distinguished)?.[1] ?? distinguished.replaceAll('\n', ', ')
}
