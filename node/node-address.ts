/**
 * Where the gateway of this node is, as the other nodes tell people.
 *
 * Used by the cluster's adapters, which put it into the node's lease.
 */
import type { Config } from '../config.ts'

/** Where people find the gateway; null if there is none. */
export function addressOf({ roles, baseUrl, host, port, tlsCert }: Config): string | null {
  if (!roles.includes('gateway')) return null
  return baseUrl ?? `http${tlsCert === undefined ? '' : 's'}://${host}:${port}`
}
