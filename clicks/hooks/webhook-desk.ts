/**
 * What the API asks about webhooks, wherever they run.
 *
 * Every method rejects with analytics_unavailable while nothing can run them, with not_found for an id
 * that there is not, and with the errors of `newWebhook` for what cannot be one.
 */
import type { PostOutcome } from './webhook-post.ts'
import type { HookLetter } from './dead-letters.ts'
import type { Attempts } from './webhook-sender.ts'
import type { Webhook } from './webhook.ts'

export interface WebhookDesk {
  list(): Promise<readonly WebhookStatus[]>
  /** With its secret, which is not told again. */
  add(given: unknown): Promise<Webhook>
  change(id: string, given: unknown): Promise<WebhookStatus>
  remove(id: string): Promise<void>
  /** Sends a message without events, once. */
  test(id: string): Promise<PostOutcome>
  /** Messages that were given up, oldest first. */
  letters(id: string): Promise<readonly HookLetter[]>
  /** Sends them again, once each; those that are taken are letters no more. */
  retry(id: string): Promise<{ readonly delivered: number; readonly failed: number }>
}

export interface WebhookStatus extends Omit<Webhook, 'secret'>, Attempts {
  /** Positions of the click log behind what it was told; null: it is off. */
  readonly lag: number | null
  /** Positions that the log dropped before they could be told. */
  readonly lost: number
  readonly letters: number
}
