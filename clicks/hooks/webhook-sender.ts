/**
 * Sends a webhook's messages, one after the other, each until it is delivered or given up.
 *
 * Used by the two that have something to tell: deliveries and thresholds. A message that fails is sent again
 * after a rest that doubles; after GIVE_UP_MS it is given up, which the caller notes as a dead letter. The
 * outcome of each attempt is kept for who asks why nothing arrives.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import { spanSink } from '../../links/tracing.ts'
import { bodyOf, type HookMessage } from './hook-message.ts'
import type { PostOutcome } from './webhook-post.ts'
import { signedHeaders } from './webhook-signature.ts'
import type { Webhook } from './webhook.ts'

const FIRST_REST_MS = 1_000
const REST_MS_MAX = 600_000
export const GIVE_UP_MS = 24 * 3_600_000

export interface SenderOptions {
  readonly post: (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => Promise<PostOutcome>
  readonly clock: Clock
  readonly now: () => EpochMs
}

/** How the last attempts went, for people. */
export interface Attempts {
  delivered: number
  failed: number
  lastDeliveredAt: EpochMs | null
  lastFailure: { readonly at: EpochMs; readonly reason: string } | null
}

export type SendResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'given up'; readonly attempts: number; readonly reason: string }

export class WebhookSender {
  readonly attempts: Attempts = {
    delivered: 0,
    failed: 0,
    lastDeliveredAt: null,
    lastFailure: null,
  }
  readonly #options: SenderOptions
  /** Thresholds and deliveries of one webhook take turns. */
  #line: Promise<unknown> = Promise.resolve()

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Never rejects. */
  send(webhook: Webhook, message: HookMessage, signal: AbortSignal): Promise<SendResult> {
    const sending = this.#line.then(() => this.#send(webhook, message, signal))
    this.#line = sending
    return sending
  }

  /** One attempt, told as it went. */
  async try(webhook: Webhook, message: HookMessage): Promise<PostOutcome> {
    const { post, now } = this.#options
    const body = bodyOf(webhook, message)
    const seconds = Math.floor(now() / 1_000)
    const headers = signedHeaders(webhook.secret, message.id, seconds, body)
    const span = spanSink()?.begin('webhook.post', { kind: 'client' })
    const outcome = await post(webhook.url, { ...headers }, body)
    span?.end(outcome.kind === 'delivered' ? undefined : new Error('not delivered'))
    if (outcome.kind === 'delivered') {
      this.attempts.delivered++
      this.attempts.lastDeliveredAt = now()
    } else {
      this.attempts.failed++
      this.attempts.lastFailure = { at: now(), reason: outcome.reason }
    }
    return outcome
  }

  async #send(webhook: Webhook, message: HookMessage, signal: AbortSignal): Promise<SendResult> {
    const { clock } = this.#options
    const giveUpAt = clock.now() + GIVE_UP_MS
    let rest = FIRST_REST_MS
    for (let attempts = 1; ; attempts++) {
      if (signal.aborted) return { kind: 'stopped' }
      const outcome = await this.try(webhook, message)
      if (outcome.kind === 'delivered') return { kind: 'delivered' }
      if (clock.now() + rest > giveUpAt) {
        return { kind: 'given up', attempts, reason: outcome.reason }
      }
      await pause(clock, rest, signal)
      rest = Math.min(REST_MS_MAX, rest * 2)
    }
  }
}
