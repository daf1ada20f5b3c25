/**
 * What the service is asked about blocked hosts. Part of `api.ts`, used by the page of blocked hosts.
 */
import { bodyOf, type Call } from '../service-call.ts'

export interface BlockedHost {
  /** `bad.example`, or `*.bad.example` for all below it. */
  readonly host: string
  readonly note: string | null
  /** ISO 8601, in UTC. */
  readonly since: string
}

export interface HostList {
  readonly hosts: readonly BlockedHost[]
  /** What the operator's file has besides. */
  readonly hostsInFile: number
}

export interface Verdict {
  readonly host: string
  readonly isBlocked: boolean
  /** The entry that has it. */
  readonly by: string | null
  readonly source: 'interface' | 'file' | null
}

export interface HostsApi {
  list(signal?: AbortSignal): Promise<HostList>
  ask(host: string): Promise<Verdict>
  block(host: string, note: string | null): Promise<void>
  unblock(host: string): Promise<void>
}

const PATH = '/api/blocked-hosts'

const one = (host: string) => `${PATH}/${encodeURIComponent(host)}`

export function hostsApi(call: Call): HostsApi {
  return {
    async list(signal) {
      return (await bodyOf(await call('GET', PATH, { signal }))) as HostList
    },
    async ask(host) {
      return (await bodyOf(await call('GET', one(host)))) as Verdict
    },
    async block(host, note) {
      await call('PUT', one(host), { body: { note } })
    },
    async unblock(host) {
      await call('DELETE', one(host))
    },
  }
}
