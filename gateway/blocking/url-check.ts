/**
 * Asks somebody else, before a link is made or changed, whether it may lead where it is to lead.
 *
 * Used by the routes that make and change links, where the settings name whom to ask; else there is none, and it
 * costs nothing. One POST for each URL, signed as webhooks are; the answer is JSON, `{ "allowed": true }` or
 * `{ "allowed": false, "reason": "..." }`. A bounded number is asked at a time and a bounded number waits.
 *
 * What gives no such answer in time is a failure: the settings say whether a link is made then. After some
 * failures in a row nobody is asked for a while, so that who hangs does not make every link wait for the
 * time-out; then it is tried again. The URL to ask and the secret are never logged.
 */
import { randomUUID } from 'node:crypto'
import { post } from '../../clicks/hooks/webhook-post.ts'
import { signedHeaders } from '../../clicks/hooks/webhook-signature.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { LinkOptions } from '../../links/link.ts'
import type { OptionChanges } from '../../links/link-options.ts'

export interface UrlCheckOptions {
  readonly url: string
  /** `whsec_` and base64. */
  readonly secret: string
  readonly timeoutMs: number
  /** Whether links are made while nobody can be asked. */
  readonly failsOpen: boolean
  readonly allowsPrivate: boolean
  readonly now: () => EpochMs
  /** Told when it begins to fail, and when it works again. */
  readonly warn: (what: string) => void
}

/** What is asked: all that a link leads to, or a change of it names. */
export type CheckedTargets = { readonly url?: string } & (LinkOptions | OptionChanges)

const UNDER_WAY_MAX = 32
/** A bulk request of links that have several targets each, and some more. */
const WAITING_MAX = 5_000
/** After so many failures in a row nobody is asked for DOWN_MS. */
const FAILURES_MAX = 5
const DOWN_MS = 5_000
const REASON_LENGTH_MAX = 200

type Verdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly why: string }

export class UrlCheck {
  /** Since the start: requests that were answered, of those refusals, and those that were not answered. */
  readonly counts = { answered: 0, refused: 0, failed: 0 }
  readonly #options: UrlCheckOptions
  /** Invariant: at most UNDER_WAY_MAX; as many while somebody waits. */
  #underWay = 0
  readonly #waiting: (() => void)[] = []
  #failuresInRow = 0
  #downUntil = 0

  constructor(options: UrlCheckOptions) {
    this.#options = options
  }

  /**
   * Resolves if the link may lead to all of these.
   *
   * @param code of the link, if it is known yet
   * @throws TinygridError target_refused, url_check_unavailable
   */
  async assertAllowed(
    targets: CheckedTargets,
    code: string | undefined,
    prefix = '',
  ): Promise<void> {
    const fields = new Map<string, string>()
    for (const [field, url] of urlsOf(targets)) {
      if (!fields.has(url)) fields.set(url, prefix + field)
    }
    const asked = [...fields].map(async ([url, field]) => {
      const verdict = await this.#ask(url, field, code)
      if (verdict.kind === 'refused') {
        throw new TinygridError('target_refused', { field, detail: verdict.reason })
      }
      if (verdict.kind === 'failed' && !this.#options.failsOpen) {
        throw new TinygridError('url_check_unavailable', { field })
      }
    })
    await Promise.all(asked)
  }

  async #ask(url: string, field: string, code: string | undefined): Promise<Verdict> {
    if (this.#underWay < UNDER_WAY_MAX) this.#underWay++
    else if (this.#waiting.length >= WAITING_MAX) return this.#failed('too many are waiting', false)
    // Whoever is done gives his place to the next.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      if (this.#isDown()) return this.#failed('it did not answer lately', false)
      return await this.#send(JSON.stringify({ url, field, code: code ?? null }))
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay--
      else next()
    }
  }

  async #send(body: string): Promise<Verdict> {
    const { url, secret, timeoutMs, allowsPrivate, now } = this.#options
    const headers = signedHeaders(secret, `check_${randomUUID()}`, Math.floor(now() / 1000), body)
    const outcome = await post(url, { ...headers }, body, {
      allowsPrivate,
      timeoutMs,
      wantsAnswer: true,
    })
    const verdict =
      outcome.kind === 'failed'
        ? ({ kind: 'failed', why: outcome.reason } as const)
        : verdictIn(outcome.answer ?? '')
    if (verdict.kind === 'failed') return this.#failed(verdict.why, true)
    if (this.#failuresInRow >= FAILURES_MAX) this.#options.warn('the check of URLs answers again')
    this.#failuresInRow = 0
    this.counts.answered++
    if (verdict.kind === 'refused') this.counts.refused++
    return verdict
  }

  #isDown(): boolean {
    return this.#failuresInRow >= FAILURES_MAX && this.#options.now() < this.#downUntil
  }

  /** @param wasAsked false: only because others have failed */
  #failed(why: string, wasAsked: boolean): Verdict {
    this.counts.failed++
    if (wasAsked) {
      this.#failuresInRow++
      if (this.#failuresInRow >= FAILURES_MAX) this.#downUntil = this.#options.now() + DOWN_MS
      if (this.#failuresInRow === FAILURES_MAX) {
        const then = this.#options.failsOpen ? 'made unchecked' : 'refused'
        this.#options.warn(`the check of URLs does not answer (${why}): links are ${then}`)
      }
    }
    return { kind: 'failed', why }
  }
}

function verdictIn(answer: string): Verdict {
  try {
    const { allowed, reason } = JSON.parse(answer) as Record<string, unknown>
    if (allowed === true) return { kind: 'allowed' }
    if (allowed === false) return { kind: 'refused', reason: reasonOf(reason) }
  } catch {
    // Told below.
  }
  return { kind: 'failed', why: 'the answer is not {"allowed": true} or {"allowed": false}' }
}

/** It is shown to whoever made the link. */
function reasonOf(reason: unknown): string {
  const text = typeof reason === 'string' ? reason.slice(0, REASON_LENGTH_MAX) : ''
  const plain = text.replaceAll(/\p{Cc}/gu, ' ').trim()
  return plain === '' ? 'Links to this address are refused here' : plain
}

function urlsOf({ url, expiredUrl, rules }: CheckedTargets): [field: string, url: string][] {
  const found: [string, string][] = []
  if (url !== undefined) found.push(['url', url])
  if (expiredUrl != null) found.push(['expiredUrl', expiredUrl])
  for (const [at, { targets }] of (rules ?? []).entries()) {
    for (const [place, target] of targets.entries()) {
      found.push([`rules[${at}].targets[${place}].url`, target.url])
    }
  }
  return found
}
