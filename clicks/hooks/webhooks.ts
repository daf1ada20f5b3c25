/**
 * All webhooks: their definitions, and each of them at work.
 *
 * Runs in the analytics process, in a cluster in the one that has the lead. A change of a definition is
 * saved first, then its work begins anew from where it was; while a webhook is off nothing is kept for it.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { ClickStore } from '../store/click-store.ts'
import { DeadLetters, type HookLetter } from './dead-letters.ts'
import type { HookMessage, ParseClick, ToldEvent } from './hook-message.ts'
import { LogCursor, type LogSource, type LogSpan } from './log-cursor.ts'
import type { SavedValues } from './saved-values.ts'
import { watchThresholds } from './threshold-watch.ts'
import { deliver, messageIn } from './webhook-delivery.ts'
import type { WebhookDesk, WebhookStatus } from './webhook-desk.ts'
import type { PostOutcome } from './webhook-post.ts'
import { WebhookSender, type SenderOptions, type SendResult } from './webhook-sender.ts'
import { changedWebhook, newWebhook, savedWebhook, WEBHOOKS_MAX, type Webhook } from './webhook.ts'

export interface WebhooksOptions extends LogSource {
  readonly saved: SavedValues
  readonly store: Pick<ClickStore, 'position' | 'clicksOf'>
  readonly parse: ParseClick
  readonly post: SenderOptions['post']
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly onError: (what: string, error: unknown) => void
}

interface Entry {
  webhook: Webhook
  readonly sender: WebhookSender
  readonly letters: DeadLetters
  readonly cursor: LogCursor
  readonly thresholds: LogCursor
  running: Running | undefined
}

interface Running {
  readonly stop: AbortController
  readonly ended: Promise<unknown>
}

export class Webhooks implements WebhookDesk {
  readonly #options: WebhooksOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: WebhooksOptions) {
    this.#options = options
  }

  /** Begins to deliver. */
  async start(): Promise<void> {
    const { saved, onError } = this.#options
    for (const [name, text] of await saved.list('webhook.')) {
      const webhook = savedWebhook(text)
      if (webhook === undefined) onError(`what is saved as ${name} is no webhook`, undefined)
      else this.#run(this.#enter(webhook))
    }
  }

  /** What is being sent goes to its end, or its time-out; what is not delivered is told after the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#stop(entry)))
    this.#entries.clear()
  }

  async list(): Promise<readonly WebhookStatus[]> {
    return Promise.all([...this.#entries.values()].map((entry) => this.#statusOf(entry)))
  }

  async add(given: unknown): Promise<Webhook> {
    if (this.#entries.size >= WEBHOOKS_MAX) {
      const detail = `There are ${WEBHOOKS_MAX} webhooks already`
      throw new TinygridError('bad_request', { detail })
    }
    const webhook = newWebhook(given, this.#options.now())
    await this.#save(webhook)
    const entry = this.#enter(webhook)
    // Now, not when the first turn of the work comes: what happens from here on is told.
    await Promise.all([entry.cursor.position(), entry.thresholds.position()])
    this.#run(entry)
    return webhook
  }

  async change(id: string, given: unknown): Promise<WebhookStatus> {
    const entry = this.#entryOf(id)
    const before = entry.webhook
    const webhook = changedWebhook(before, given)
    await this.#save(webhook)
    await this.#stop(entry)
    if (webhook.isEnabled && !before.isEnabled) await skipAll(entry)
    entry.webhook = webhook
    this.#run(entry)
    return this.#statusOf(entry)
  }

  async remove(id: string): Promise<void> {
    const entry = this.#entryOf(id)
    const { saved } = this.#options
    await saved.remove(`webhook.${id}`)
    this.#entries.delete(id)
    await this.#stop(entry)
    await entry.letters.removeAll()
    for (const name of (await saved.list(`cursor.${id}`)).keys()) await saved.remove(name)
  }

  async test(id: string): Promise<PostOutcome> {
    const { webhook, sender } = this.#entryOf(id)
    return sender.try(webhook, { id: `${id}.test-${this.#options.now()}`, events: [] })
  }

  async letters(id: string): Promise<readonly HookLetter[]> {
    return [...(await this.#entryOf(id).letters.all()).values()]
  }

  async retry(id: string): Promise<{ delivered: number; failed: number }> {
    const { webhook, sender, letters } = this.#entryOf(id)
    const counts = { delivered: 0, failed: 0 }
    for (const [name, letter] of await letters.all()) {
      const message = await this.#messageOf(webhook, letter)
      if (message !== undefined && (await sender.try(webhook, message)).kind === 'failed') {
        counts.failed++
        continue
      }
      if (message !== undefined) counts.delivered++
      await letters.remove(name)
    }
    return counts
  }

  /** Sends an event of another kind. Resolves when it was delivered, or given up and noted. */
  async tell(id: string, messageId: string, event: ToldEvent): Promise<void> {
    const entry = this.#entryOf(id)
    const signal = entry.running?.stop.signal
    if (signal === undefined) {
      throw new TinygridError('bad_request', { detail: `The webhook ${id} is off` })
    }
    const message = { id: `${id}.${messageId}`, events: [event] }
    const result = await this.#send(entry, message, undefined, signal)
    if (result === 'stopped') throw new TinygridError('shutting_down')
  }

  async #messageOf(webhook: Webhook, letter: HookLetter): Promise<HookMessage | undefined> {
    if (letter.span === undefined) return letter.message
    return messageIn(webhook, letter.span, this.#options, this.#options.parse)
  }

  #enter(webhook: Webhook): Entry {
    const { saved } = this.#options
    const entry = {
      webhook,
      sender: new WebhookSender(this.#options),
      letters: new DeadLetters(saved, webhook.id),
      cursor: new LogCursor(this.#options, saved, `cursor.${webhook.id}.log`),
      thresholds: new LogCursor(this.#options, saved, `cursor.${webhook.id}.thresholds`),
      running: undefined,
    }
    this.#entries.set(webhook.id, entry)
    return entry
  }

  #run(entry: Entry): void {
    const { webhook } = entry
    if (!webhook.isEnabled) return
    const stop = new AbortController()
    const shared = { ...this.#options, webhook }
    const send = (message: HookMessage, span?: LogSpan) =>
      this.#send(entry, message, span, stop.signal)
    const works: Promise<void>[] = []
    if (webhook.events.some((event) => event !== 'threshold')) {
      works.push(deliver({ ...shared, cursor: entry.cursor, send }, stop.signal))
    }
    if (webhook.thresholds.length > 0) {
      works.push(watchThresholds({ ...shared, cursor: entry.thresholds, send }, stop.signal))
    }
    entry.running = { stop, ended: Promise.all(works) }
  }

  async #stop(entry: Entry): Promise<void> {
    const { running } = entry
    entry.running = undefined
    running?.stop.abort()
    await running?.ended
  }

  async #send(
    { webhook, sender, letters }: Entry,
    message: HookMessage,
    span: LogSpan | undefined,
    signal: AbortSignal,
  ): Promise<SendResult['kind']> {
    const result = await sender.send(webhook, message, signal)
    if (result.kind !== 'given up') return result.kind
    const { attempts, reason } = result
    const content = span === undefined ? { message } : { span }
    const letter = { messageId: message.id, at: this.#options.now(), attempts, reason, ...content }
    await letters.add(letter)
    return result.kind
  }

  async #save(webhook: Webhook): Promise<void> {
    await this.#options.saved.put(`webhook.${webhook.id}`, JSON.stringify(webhook))
  }

  #entryOf(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry === undefined)
      throw new TinygridError('not_found', { detail: 'There is no such webhook' })
    return entry
  }

  async #statusOf({ webhook, sender, letters, cursor }: Entry): Promise<WebhookStatus> {
    const { secret: _secret, ...shown } = webhook
    const { lastPosition } = await this.#options.log.span()
    const lag = webhook.isEnabled ? lastPosition - (await cursor.position()) : null
    const count = (await letters.all()).size
    return { ...shown, ...sender.attempts, lag, lost: cursor.lost, letters: count }
  }
}

async function skipAll({ cursor, thresholds }: Entry): Promise<void> {
  await cursor.skip()
  await thresholds.skip()
}
