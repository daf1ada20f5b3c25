/**
 * How gateways and owners speak over the peers seam: the names of the calls and their framing.
 *
 * Used by the router (`routing/remote-owners.ts`) and by the owner service. Each call carries many
 * requests of one kind, each with the epoch in which the caller believes the owner, and is answered
 * in the same order: by a value, or by `{error}`. What a value looks like says `owner-values.ts`.
 *
 * A node may talk to a newer or an older one, and whoever reaches NATS can send anything. So a call
 * without its frame is refused with bad_request; in it, a request that is not understood or may not be
 * is refused by itself, since others of other clients came with it; an answer that is not understood
 * counts as none (owner_unavailable); and fields that are not known are passed over. Rejected: MessagePack and the like; the peers seam speaks JSON.
 */
import { TinygridError } from '../../links/errors.ts'
import { parseFullCode } from '../../links/full-code.ts'
import type { Code, Epoch } from '../../links/ids.ts'
import { parseFullCodeField } from '../../links/link-fields.ts'
import { jsonBytesMax } from './json-bytes.ts'
import { toError, toFailure } from './peer-failure.ts'

/**
 * lookup: what a visitor gets, by memory alone ('unknown' is an answer). find: the same, by
 * whatever it takes. resolve: where one visitor is sent. read and write: as in protocol.ts.
 */
export const OWNER_CALLS = {
  lookup: 'links.lookup',
  find: 'links.find',
  resolve: 'links.resolve',
  read: 'links.read',
  write: 'links.write',
} as const

/** The broadcast of links that were changed. */
export const CHANGED = 'links.changed'

export interface CallLimits {
  readonly requestsMax: number
  /** Of requests, and of answers too. */
  readonly bytesMax: number
}

/** A NATS server takes messages of up to 1 MB. */
const CALL_BYTES_MAX = 768 * 2 ** 10
/**
 * What an answer that may be a link is taken to have as JSON. Few have more; what does not fit into one
 * answer then comes in another one (`encodeAnswers`).
 */
export const LINK_BYTES_MAX = 34 * 2 ** 10

/** Requests that are a code and nothing else: each answer may be a link, as many as fit. */
export const CODES_LIMITS: CallLimits = { requestsMax: 64, bytesMax: Infinity }
/** What each write takes, and its answer, says `owner-values.ts`. */
export const WRITES_LIMITS: CallLimits = { requestsMax: 256, bytesMax: CALL_BYTES_MAX }

/** No character of a code. */
const CODE_SEPARATOR = ' '

/** How long a gateway keeps what an owner has said, from when it asked. */
export const NEAR_AGE_MAX_MS = 1_000

/** Most codes in one broadcast. */
export const CHANGED_CODES_MAX = 500

export interface OwnerRequest<T> {
  readonly what: T
  /** Of the owner that the caller means to ask. */
  readonly epoch: Epoch
}

export function encodeRequests<T>(
  requests: readonly OwnerRequest<T>[],
  encode: (what: T) => unknown,
): unknown {
  return {
    requests: requests.map(({ what }) => encode(what)),
    epochs: requests.map(({ epoch }) => epoch),
  }
}

/** A request as it came, or why it is refused. */
export type Asked<T> = OwnerRequest<T> | TinygridError

/**
 * @param parse throws a TinygridError for what may not be asked
 * @throws TinygridError bad_request if this is no call
 */
export function parseRequests<T>(
  params: unknown,
  parse: (what: unknown) => T,
  { requestsMax }: CallLimits,
): Asked<T>[] {
  const { requests, epochs } = (params ?? {}) as { requests?: unknown; epochs?: unknown }
  const isFramed = Array.isArray(requests) && Array.isArray(epochs)
  if (!isFramed || requests.length !== epochs.length) throw notUnderstood()
  if (requests.length > requestsMax) throw notUnderstood()
  return requests.map((request: unknown, index) => askedOf(request, epochs[index], parse))
}

function askedOf<T>(request: unknown, epoch: unknown, parse: (what: unknown) => T): Asked<T> {
  if (!isEpoch(epoch)) return notUnderstood()
  try {
    return { what: parse(request), epoch }
  } catch (error) {
    if (error instanceof TinygridError) return error
    throw error
  }
}

/** Requests that are a code and nothing else, which most are. */
export function encodeCodes(requests: readonly OwnerRequest<Code>[]): unknown {
  return {
    // One text: of an array of short texts JSON.parse looks up each in a table of all that it knows.
    codes: requests.map(({ what }) => what).join(CODE_SEPARATOR),
    epochs: requests.map(({ epoch }) => epoch),
  }
}

/** @throws TinygridError bad_request if this is no call */
export function parseCodes(params: unknown): Asked<Code>[] {
  const { codes, epochs } = (params ?? {}) as { codes?: unknown; epochs?: unknown }
  if (typeof codes !== 'string') throw notUnderstood()
  const requests = codes.split(CODE_SEPARATOR)
  return parseRequests({ requests, epochs }, (code) => parseFullCodeField(code), CODES_LIMITS)
}

export type Answer<T> = T | TinygridError

/**
 * As many answers as fit into a message, at least one; the places of the others are told, and the caller
 * asks for them again. One of an older program takes them for errors of their own.
 */
export function encodeAnswers<T>(
  answers: readonly Answer<T>[],
  encode: (value: T, index: number) => unknown,
): unknown {
  const unsent: number[] = []
  let room = CALL_BYTES_MAX
  const encoded = answers.map((answer, index) => {
    if (answer instanceof TinygridError) return { error: toFailure(answer) }
    const value = encode(answer, index)
    const bytes = jsonBytesMax(value)
    if (bytes > room && room < CALL_BYTES_MAX) {
      unsent.push(index)
      return UNSENT
    }
    room -= bytes
    return value
  })
  return unsent.length === 0 ? { answers: encoded } : { answers: encoded, unsent }
}

const UNSENT = { error: toFailure(new TinygridError('owner_unavailable')) }

/** Which of the requests are to be asked again, because their answers did not fit: not all of them. */
export function parseUnsent(reply: unknown, asked: number): ReadonlySet<number> {
  const { unsent } = (reply ?? {}) as { unsent?: unknown }
  if (!Array.isArray(unsent) || unsent.length >= asked) return NONE
  const isPlace = (place: unknown): place is number => {
    return Number.isSafeInteger(place) && (place as number) >= 0 && (place as number) < asked
  }
  return new Set(unsent.filter(isPlace))
}

const NONE: ReadonlySet<number> = new Set()

/**
 * @param parse is told what was asked; returns an error for what it does not understand
 * @throws TinygridError owner_unavailable if these are no answers to so many requests
 */
export function parseAnswers<What, T>(
  reply: unknown,
  asked: readonly OwnerRequest<What>[],
  parse: (value: unknown, what: What) => Answer<T>,
): Answer<T>[] {
  const { answers } = (reply ?? {}) as { answers?: unknown }
  if (!Array.isArray(answers) || answers.length !== asked.length) throw noAnswer()
  return answers.map((answer: unknown, index) => {
    return parseError(answer) ?? parse(answer, asked[index]!.what)
  })
}

export function encodeChanged(codes: readonly Code[]): unknown {
  return { codes }
}

/** What is not understood is left out, and what is more than a broadcast may have. */
export function parseChanged(params: unknown): Code[] {
  const { codes } = (params ?? {}) as { codes?: unknown }
  if (!Array.isArray(codes)) return []
  const few = codes.slice(0, CHANGED_CODES_MAX) as unknown[]
  return few.filter(
    (code): code is Code => typeof code === 'string' && parseFullCode(code) === code,
  )
}

/** For an answer that is not understood. */
export function noAnswer(): TinygridError {
  return new TinygridError('owner_unavailable', { detail: 'The owner’s answer is not understood' })
}

function parseError(answer: unknown): TinygridError | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined
  const { error } = answer
  const isFailure = typeof error === 'object' && error !== null && 'code' in error
  if (!isFailure) return noAnswer()
  const refusal = toError(error)
  // The owner is of another version: what it does not understand is not the client's fault.
  return refusal.code === 'bad_request' ? noAnswer() : refusal
}

function isEpoch(value: unknown): value is Epoch {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function notUnderstood(): TinygridError {
  return new TinygridError('bad_request', {
    detail: 'The call of the other node is not understood',
  })
}
