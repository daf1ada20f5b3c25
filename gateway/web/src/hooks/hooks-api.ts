/**
 * What the service is asked about webhooks. Part of `api.ts`, used by the pages of webhooks and reports.
 */
import { bodyOf, type Call } from '../service-call.ts'

export const HOOK_EVENTS = [
  'click',
  'threshold',
  'link.created',
  'link.changed',
  'link.deleted',
] as const
export type HookEvent = (typeof HOOK_EVENTS)[number]

export interface WebhookFields {
  readonly url: string
  readonly events: readonly HookEvent[]
  readonly codes: readonly string[]
  readonly tags: readonly string[]
  /** What is no number is left to the service to refuse. */
  readonly thresholds: readonly (number | string)[]
  /** Left out: the service makes one, or keeps it. */
  readonly secret?: string
}

/** Times are ISO 8601 in UTC. */
export interface Webhook extends WebhookFields {
  readonly id: string
  readonly isEnabled: boolean
  readonly createdAt: string
  /** Messages, and attempts that failed, since the service's analytics started. */
  readonly delivered: number
  readonly failed: number
  readonly lastDeliveredAt: string | null
  readonly lastFailure: Failure | null
  /** Positions of the log that are not told yet; null: it is off. */
  readonly lag: number | null
  /** Positions that were gone before they were told. */
  readonly lost: number
  /** Messages that were given up. */
  readonly letters: number
}

export interface Failure {
  readonly at: string
  readonly reason: string
}

export interface Letter {
  readonly messageId: string
  readonly at: string
  readonly attempts: number
  readonly reason: string
}

export interface Attempt {
  readonly kind: 'delivered' | 'failed'
  readonly status?: number
  readonly reason?: string
}

export interface Retried {
  readonly delivered: number
  readonly failed: number
}

export interface HooksApi {
  list(signal?: AbortSignal): Promise<readonly Webhook[]>
  /** Resolves with the secret, which is told this once. */
  add(fields: WebhookFields): Promise<string>
  change(id: string, changes: Partial<WebhookFields> & { isEnabled?: boolean }): Promise<void>
  remove(id: string): Promise<void>
  test(id: string): Promise<Attempt>
  letters(id: string, signal?: AbortSignal): Promise<readonly Letter[]>
  retry(id: string): Promise<Retried>
}

const PATH = '/api/webhooks'
const pathOf = (id: string) => `${PATH}/${encodeURIComponent(id)}`

export function hooksApi(call: Call): HooksApi {
  const read = async (method: string, path: string, signal?: AbortSignal) =>
    bodyOf(await call(method, path, { signal }))
  return {
    async list(signal) {
      return ((await read('GET', PATH, signal)) as { webhooks: readonly Webhook[] }).webhooks
    },
    async add(fields) {
      const made = (await bodyOf(await call('POST', PATH, { body: fields }))) as { secret: string }
      return made.secret
    },
    async change(id, changes) {
      await call('PATCH', pathOf(id), { body: changes })
    },
    async remove(id) {
      await call('DELETE', pathOf(id))
    },
    async test(id) {
      return (await read('POST', `${pathOf(id)}/test`)) as Attempt
    },
    async letters(id, signal) {
      const path = `${pathOf(id)}/letters`
      return ((await read('GET', path, signal)) as { letters: readonly Letter[] }).letters
    },
    async retry(id) {
      return (await read('POST', `${pathOf(id)}/retry`)) as Retried
    },
  }
}
