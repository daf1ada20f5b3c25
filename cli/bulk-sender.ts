/**
 * Sends links by `POST /api/links/bulk` until each has its final answer.
 *
 * What the server cannot do just now (429, 503, no answer) is sent again after a wait, single items
 * of a chunk too. After an answer that never came a link may exist already; those that the server
 * would make a second time are looked up first (`in-doubt.ts`). A chunk that is refused whole is
 * halved until the item at fault is alone, so one bad item fails by itself. Gives up after
 * GIVE_UP_AFTER_MS without any answer that moves it on.
 */
import {
  assertAccepted,
  Unreachable,
  type ApiClient,
  type ApiReply,
  delayBefore,
  GIVE_UP_AFTER_MS,
} from './api-client.ts'
import { CommandError } from './command-error.ts'
import { findCreated } from './in-doubt.ts'
import { hasPast, type ItemFailure, type LinkInput } from './link-input.ts'

/** Most links in one bulk request, by the server's interface. */
export const BULK_ITEMS_MAX = 1000

/** What became of one link. */
export interface Outcome {
  /** HTTP status: 201 made, 200 was there, else refused. */
  readonly status: number
  readonly code: string
  readonly shortUrl: string
  readonly failure?: ItemFailure
}

export interface SenderClock {
  now(): number
  /** Rejects with a CommandError when the import is interrupted. */
  sleep(ms: number): Promise<void>
}

interface Pending {
  readonly index: number
  readonly link: LinkInput
}

/** What one request, or its halves, achieved. */
interface Round {
  readonly final: ReadonlyMap<number, Outcome>
  readonly left: readonly Pending[]
  /** Whether what is left may exist all the same. */
  readonly isUncertain: boolean
  readonly retryAfterMs: number
  readonly reason: string
}

export class BulkSender {
  readonly #client: ApiClient
  readonly #clock: SenderClock
  readonly #onWait: (reason: string, ms: number) => void

  constructor(
    client: ApiClient,
    clock: SenderClock,
    onWait: (reason: string, ms: number) => void = () => {},
  ) {
    this.#client = client
    this.#clock = clock
    this.#onWait = onWait
  }

  /**
   * One outcome per link, in order.
   *
   * @param sinceMs the server's time when these links may have been sent first
   * @param isInDoubt whether they may have been sent before, by an import that was killed
   */
  async send(links: readonly LinkInput[], sinceMs: number, isInDoubt = false): Promise<Outcome[]> {
    const outcomes = new Map<number, Outcome>()
    let pending: readonly Pending[] = links.map((link, index) => ({ index, link }))
    let uncertain = isInDoubt
    let movedAt = this.#clock.now()
    for (let tries = 1; pending.length > 0; tries++) {
      const round = await this.#round(pending, uncertain ? sinceMs : undefined)
      for (const [index, outcome] of round.final) outcomes.set(index, outcome)
      pending = round.left
      uncertain = round.isUncertain
      if (pending.length === 0) break
      if (round.final.size > 0) {
        movedAt = this.#clock.now()
        tries = 1
      }
      await this.#wait(round, tries, movedAt)
    }
    return links.map((_, index) => outcomes.get(index)!)
  }

  async #wait(round: Round, tries: number, movedAt: number): Promise<void> {
    if (this.#clock.now() - movedAt > GIVE_UP_AFTER_MS) {
      throw new CommandError(
        `Given up: ${this.#client.baseUrl.origin} takes no links (${round.reason}). ` +
          'The same command continues when it does.',
      )
    }
    const ms = delayBefore(tries, round.retryAfterMs, Math.random())
    this.#onWait(round.reason, ms)
    await this.#clock.sleep(ms)
  }

  /** @param doubtSinceMs set if the links may exist already */
  async #round(pending: readonly Pending[], doubtSinceMs?: number): Promise<Round> {
    try {
      if (doubtSinceMs === undefined) return await this.#post(pending)
      const found = await this.#settled(pending, doubtSinceMs)
      const rest = pending.filter((item) => !found.has(item.index))
      if (rest.length === 0) return { ...nothingDone([], ''), final: found }
      const round = await this.#post(rest)
      return { ...round, final: new Map([...found, ...round.final]) }
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      return { ...nothingDone(pending, error.message), isUncertain: true }
    }
  }

  /** The outcomes of the links that an earlier try has made. */
  async #settled(pending: readonly Pending[], sinceMs: number): Promise<Map<number, Outcome>> {
    const links = pending.map((item) => item.link)
    const created = await findCreated(this.#client, links, sinceMs)
    return new Map([...created].map(([at, link]) => [pending[at]!.index, made(201, link)]))
  }

  async #post(pending: readonly Pending[]): Promise<Round> {
    const links = pending.map(({ link }) => repeatable(link))
    const reply = await this.#client.call('POST', '/api/links/bulk', { links })
    assertAccepted(reply, this.#client)
    if (reply.status === 200) return sortOut(pending, reply)
    if (isTemporary(reply.status)) {
      return {
        ...nothingDone(pending, `status ${reply.status}`),
        isUncertain: reply.status !== 429,
        retryAfterMs: reply.retryAfterMs ?? 0,
      }
    }
    if (pending.length > 1) return this.#halves(pending)
    const failure = failureOf(reply.body, reply.status)
    const refused: Outcome = { status: reply.status, code: '', shortUrl: '', failure }
    return { ...nothingDone([], ''), final: new Map([[pending[0]!.index, refused]]) }
  }

  async #halves(pending: readonly Pending[]): Promise<Round> {
    const middle = pending.length >> 1
    const first = await this.#round(pending.slice(0, middle))
    const second = await this.#round(pending.slice(middle))
    return {
      final: new Map([...first.final, ...second.final]),
      left: [...first.left, ...second.left],
      isUncertain: first.isUncertain || second.isUncertain,
      retryAfterMs: Math.max(first.retryAfterMs, second.retryAfterMs),
      reason: first.reason || second.reason,
    }
  }
}

/**
 * Plain links are repeatable by themselves, and so are links as they were; with a code of their own
 * they are if asked to be.
 */
function repeatable(link: LinkInput): LinkInput & { reuse?: boolean } {
  return link.code === undefined || hasPast(link) ? link : { ...link, reuse: true }
}

function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

function nothingDone(left: readonly Pending[], reason: string): Round {
  return { final: new Map(), left, isUncertain: false, retryAfterMs: 0, reason }
}

interface BulkResult {
  readonly status: number
  readonly link?: { readonly code: string; readonly shortUrl: string }
  readonly error?: unknown
}

/** Which links are done by the reply and which are to be sent again. */
function sortOut(pending: readonly Pending[], reply: ApiReply): Round {
  const results = (reply.body as { results?: readonly BulkResult[] } | undefined)?.results
  if (!Array.isArray(results) || results.length !== pending.length) {
    throw new CommandError(
      'The server answered a bulk request with something else: is it Tinygrid?',
    )
  }
  const final = new Map<number, Outcome>()
  const left: Pending[] = []
  let isUncertain = false
  let reason = ''
  for (const [at, result] of (results as readonly BulkResult[]).entries()) {
    const item = pending[at]!
    const failure = result.link === undefined ? failureOf(result.error, result.status) : undefined
    if (result.link !== undefined) final.set(item.index, made(result.status, result.link))
    else if (result.status === 429 || result.status === 503) {
      left.push(item)
      isUncertain ||= failure?.code === 'log_uncertain'
      reason = failure!.detail
    } else
      final.set(item.index, { status: result.status, code: '', shortUrl: '', failure: failure! })
  }
  return { final, left, isUncertain, retryAfterMs: reply.retryAfterMs ?? 0, reason }
}

function made(status: number, link: { code: string; shortUrl: string }): Outcome {
  return { status, code: link.code, shortUrl: link.shortUrl }
}

/** What a problem+json says, as far as it is one. Where the item was in the request is our affair. */
function failureOf(problem: unknown, status: number): ItemFailure {
  const said = (problem ?? {}) as Readonly<Record<string, string | undefined>>
  const detail = (said['detail'] ?? said['title'] ?? `status ${status}`).replace(PLACE, '')
  const field = said['field']?.replace(PLACE, '')
  return { code: said['code'] ?? 'internal', detail, ...(field === undefined ? {} : { field }) }
}

const PLACE = /^links\[\d+\]\.?/
