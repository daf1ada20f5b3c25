/**
 * The certificate with which this node serves HTTPS, in `GET /metrics`. Not there where it serves HTTP.
 */
import type { Registry } from 'prom-client'
import type { OwnCertificate } from '../tls/own-certificate.ts'
import { counter, gauge } from './metrics.ts'

export function registerCertificateMetrics(registry: Registry, own: OwnCertificate): void {
  gauge(
    registry,
    'tinygrid_tls_certificate_expiry_timestamp_seconds',
    'When the certificate ends that HTTPS is served with, in seconds since 1970',
    () => own.until.getTime() / 1000,
  )
  counter(
    registry,
    'tinygrid_tls_renewal_failures_total',
    'New certificates that could not be used: the old one is served on',
    () => own.failures,
  )
}
