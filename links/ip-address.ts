/**
 * IP addresses as sockets and proxies write them, brought into one form.
 *
 * Used where clients are told apart: by limits, by the log, by clicks.
 */
import { isIP } from 'node:net'
import { plainHost } from './own-address.ts'

/** An address as proxies write it: `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`, each maybe quoted. */
export function parseAddress(text: string): string | undefined {
  const plain = text.trim().replace(/^"(.*)"$/, '$1')
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(plain)?.[1]
  const candidate = bracketed ?? /^([\d.]+):\d{1,5}$/.exec(plain)?.[1] ?? plain
  const family = isIP(candidate)
  if (family !== 6) return family === 4 ? candidate : undefined
  // One way to write each: without a zone, short, and IPv4 as such.
  return plainHost(new URL(`http://[${candidate.replace(/%.*$/, '')}]`)).replaceAll(/[[\]]/g, '')
}
