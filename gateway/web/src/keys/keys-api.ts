/**
 * What the service is asked about keys. Part of `api.ts`, used by the page of keys.
 */
import { bodyOf, type Call } from '../service-call.ts'

export type KeyRole = 'read' | 'create' | 'edit' | 'admin'

export interface KeyFields {
  readonly name: string
  readonly role: KeyRole
  readonly expiresAt: string | null
  /** What is no number is left to the service to refuse. */
  readonly requestsPerMinuteMax: number | string | null
  readonly tags: readonly string[]
  /** `default` is the default one; empty: all. */
  readonly domains: readonly string[]
}

/** Times are ISO 8601 in UTC. */
export interface AccessKey extends KeyFields {
  readonly id: string
  readonly createdAt: string
  readonly lastUsedAt: string | null
}

export interface KeysApi {
  list(signal?: AbortSignal): Promise<readonly AccessKey[]>
  /** Resolves with the key itself, which is told this once. */
  add(fields: KeyFields): Promise<string>
  change(id: string, fields: Partial<KeyFields>): Promise<void>
  revoke(id: string): Promise<void>
}

const PATH = '/api/keys'

export function keysApi(call: Call): KeysApi {
  return {
    async list(signal) {
      const body = (await bodyOf(await call('GET', PATH, { signal }))) as { keys: AccessKey[] }
      return body.keys
    },
    async add(fields) {
      const made = (await bodyOf(await call('POST', PATH, { body: fields }))) as { key: string }
      return made.key
    },
    async change(id, fields) {
      await call('PATCH', `${PATH}/${encodeURIComponent(id)}`, { body: fields })
    },
    async revoke(id) {
      await call('DELETE', `${PATH}/${encodeURIComponent(id)}`)
    },
  }
}
