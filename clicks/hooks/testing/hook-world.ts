/**
 * Webhooks over a click log, a click store and receivers in memory, with a clock that the test moves.
 *
 * What is saved outlives a restart. A receiver answers as the test says, and remembers what it took.
 */
import { toEpochMs, type Code } from '../../../links/ids.ts'
import { ManualClock } from '../../../links/testing/manual-clock.ts'
import type { Click } from '../../click.ts'
import type { ClickBatch, ClickRecord, LinkChange } from '../../log/click-batch.ts'
import type { ClickLogReader, LoggedBatch } from '../../log/click-log.ts'
import { MemoryValues } from '../../testing/memory-values.ts'
import type { ToldEvent } from '../hook-message.ts'
import type { PostOutcome } from '../webhook-post.ts'
import { Webhooks } from '../webhooks.ts'

const START = Date.parse('2026-11-27T12:00:00Z')
const READ_BATCHES_MAX = 3

export interface Received {
  readonly url: string
  readonly id: string
  readonly atMs: number
  readonly events: readonly ToldEvent[]
}

interface Happened {
  /** Their codes. */
  readonly clicks?: readonly string[]
  /** Of the clicks. */
  readonly status?: number
  readonly changes?: readonly Partial<LinkChange>[]
}

export class HookWorld {
  readonly clock = new ManualClock()
  readonly saved = new MemoryValues()
  /** Every attempt, taken or not. */
  readonly received: Received[] = []
  readonly errors: string[] = []
  /** How the receiver of a URL answers; left out: it takes everything. */
  readonly answers = new Map<string, () => Promise<PostOutcome> | PostOutcome>()
  webhooks: Webhooks
  #log: LoggedBatch[] = []
  #position = 0
  #dropped = 0
  #waiting: (() => void)[] = []
  /** Up to where the store has everything; left out: up to the log's end. */
  storeLag = 0

  constructor() {
    this.webhooks = this.#newWebhooks()
  }

  async restart(): Promise<void> {
    await this.stop()
    this.webhooks = this.#newWebhooks()
    await this.webhooks.start()
    await this.clock.pass(0)
  }

  /** While it ends, time goes on. */
  async stop(): Promise<void> {
    const closing = this.webhooks.close()
    await this.clock.pass(60_000)
    await closing
  }

  /** Logs a batch, and gives the readers a turn. */
  async log({ clicks = [], changes = [], status = EMPTY.status }: Happened) {
    const at = toEpochMs(START + this.clock.now())
    const batch: ClickBatch = {
      node: 'n1',
      run: 'r1',
      number: this.#position,
      before: 0,
      clicks: clicks.map((code) => ({ ...EMPTY, status, code: code as Code, at })),
      changes: changes.map((change) => ({ ...CHANGE, at, ...change })),
    }
    this.#position++
    const payload = new TextEncoder().encode(JSON.stringify(batch))
    this.#log.push({ position: this.#position, payload })
    for (const wake of this.#waiting.splice(0)) wake()
    await this.clock.pass(0)
  }

  /** What a reader finds, but no batch. */
  async logNonsense(): Promise<void> {
    this.#log.push({ position: ++this.#position, payload: new Uint8Array([1, 2, 3]) })
    for (const wake of this.#waiting.splice(0)) wake()
    await this.clock.pass(0)
  }

  /** The log forgets its oldest batches. */
  drop(upTo: number): void {
    this.#log = this.#log.filter(({ position }) => position > upTo)
    this.#dropped = upTo
  }

  /** Types of all events that a URL was told, in order. */
  told(url: string): string[] {
    const taken = this.received.filter((message) => message.url === url)
    return taken.flatMap(({ events }) => events.map(({ type }) => type))
  }

  #newWebhooks(): Webhooks {
    const log: ClickLogReader = {
      read: async (after) =>
        this.#log.filter(({ position }) => position > after).slice(0, READ_BATCHES_MAX),
      more: (position, signal) => this.#more(position, signal),
      span: async () => ({
        firstPosition: this.#dropped + 1,
        lastPosition: this.#position,
        bytes: 0,
      }),
      close: async () => {},
    }
    return new Webhooks({
      log,
      saved: this.saved,
      decode: decodeJson,
      parse: ({ code, at }) => ({ ...PARSED, code, at }) as Click,
      store: {
        position: async () => this.#position - this.storeLag,
        clicksOf: async (codes) => this.#counted(codes),
      },
      post: (url, headers, body) => this.#post(url, headers, body),
      clock: this.clock,
      now: () => toEpochMs(START + this.clock.now()),
      onError: (what, error) => this.errors.push(`${what}: ${String(error)}`),
    })
  }

  async #more(position: number, signal: AbortSignal): Promise<void> {
    if (this.#position > position || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #counted(codes: readonly Code[]): Map<Code, number> {
    const counts = new Map<Code, number>()
    for (const { position, payload } of this.#log) {
      if (position > this.#position - this.storeLag) continue
      for (const { code } of decodeJson(payload)?.clicks ?? []) {
        if (codes.includes(code)) counts.set(code, (counts.get(code) ?? 0) + 1)
      }
    }
    return counts
  }

  async #post(url: string, headers: Readonly<Record<string, string>>, body: string) {
    const { events } = JSON.parse(body) as { events: ToldEvent[] }
    this.received.push({ url, id: headers['webhook-id']!, atMs: this.clock.now(), events })
    return this.answers.get(url)?.() ?? ({ kind: 'delivered', status: 200 } as const)
  }
}

function decodeJson(payload: Uint8Array): ClickBatch | undefined {
  const text = new TextDecoder().decode(payload)
  return text.startsWith('{') ? (JSON.parse(text) as ClickBatch) : undefined
}

const EMPTY: Omit<ClickRecord, 'code' | 'at'> = {
  status: 302,
  address: '192.0.2.0',
  visitor: 'aaaaaaaaaaaaaaaa',
  headers: '',
  query: '',
  targetQuery: '',
  rule: 0,
}
const CHANGE = {
  kind: 'created',
  code: 'abc' as Code,
  url: 'https://target.example/',
  title: null,
  tags: [],
} as const
const PARSED = { kind: 'human', country: 'DE', address: '192.0.2.0', visitor: 'a', asn: 1 }
