/**
 * What an error of MongoDB means: refused for good, there already, wrong at the start, or later.
 *
 * Used by the files of that store; pure. Strict in one direction: only what is known to be about the
 * document itself is a refusal, which takes the link out of the store's sight; everything else is
 * tried again. Codes: MongoDB's `error_codes.yml`.
 */
import { AssertionError } from 'node:assert/strict'
import { MongoBulkWriteError, MongoServerError } from 'mongodb'
import { hasCode, TinygridError } from '../../links/errors.ts'

export type WriteFailure = 'duplicate' | 'refused' | 'unavailable'

const DUPLICATE_KEY = 11000
/**
 * BadValue, FailedToParse, TypeMismatch, InvalidBSON, DocumentValidationFailure, BSONObjectTooLarge,
 * KeyTooLong, and the two for an update whose result is too large.
 */
const ABOUT_THE_DOCUMENT = new Set([2, 9, 14, 22, 121, 10334, 17280, 17419, 17420])
/** AuthenticationFailed, Unauthorized, and what Atlas says to either. */
const CREDENTIALS_REFUSED = new Set([13, 18, 8000])

export function failureOfCode(code: number): WriteFailure {
  if (code === DUPLICATE_KEY) return 'duplicate'
  return ABOUT_THE_DOCUMENT.has(code) ? 'refused' : 'unavailable'
}

export interface FailedOperation {
  /** Which operation of the bulk. */
  readonly index: number
  readonly failure: WriteFailure
  readonly reason: string
}

/**
 * The operations of a bulk that failed by themselves. Empty: the bulk as a whole failed, or it is
 * not known which operation did.
 */
export function failedOperations(error: unknown): FailedOperation[] {
  if (!(error instanceof MongoBulkWriteError)) return []
  if (error.result.getWriteConcernError() !== undefined) return []
  return [error.writeErrors].flat().map(({ index, code, errmsg = '' }) => ({
    index,
    failure: failureOfCode(code),
    reason: errmsg,
  }))
}

/** What the error is about, where it is about the bulk as a whole. */
export function failureOf(error: unknown): WriteFailure {
  return error instanceof MongoServerError ? failureOfCode(Number(error.code)) : 'unavailable'
}

export function isCredentialsRefusal(error: unknown): boolean {
  return error instanceof MongoServerError && CREDENTIALS_REFUSED.has(Number(error.code))
}

/** What was thrown as the contract has it: also what the key-value store says at the first contact. */
export function unavailable(cause: unknown): Error {
  const isOurs =
    hasCode(cause, 'store_unavailable', 'invalid_field') || cause instanceof AssertionError
  return isOurs ? cause : new TinygridError('store_unavailable', { cause })
}
