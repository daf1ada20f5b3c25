/** Which errors of MongoDB take a version out of the store's sight, and which are tried again. */
import test from 'ava'
import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb'
import { TinygridError } from '../../links/errors.ts'
import {
  failedOperations,
  failureOf,
  failureOfCode,
  isCredentialsRefusal,
  unavailable,
} from './mongo-failure.ts'

for (const [code, name] of [
  [121, 'DocumentValidationFailure'],
  [10334, 'BSONObjectTooLarge'],
  [17280, 'KeyTooLong'],
  [2, 'BadValue'],
] as const) {
  test(`${name} is about the document: refused`, (t) => t.is(failureOfCode(code), 'refused'))
}

for (const [code, name] of [
  [10107, 'NotWritablePrimary'],
  [11600, 'InterruptedAtShutdown'],
  [50, 'MaxTimeMSExpired'],
  [112, 'WriteConflict'],
  [14031, 'OutOfDiskSpace'],
  [13, 'Unauthorized'],
  [999_999, 'one not known'],
] as const) {
  test(`${name} passes: tried again`, (t) => t.is(failureOfCode(code), 'unavailable'))
}

test('a failed bulk names its operations', (t) => {
  const error = bulkError([
    { index: 3, code: 11000, errmsg: 'E11000 duplicate key' },
    { index: 7, code: 121, errmsg: 'Document failed validation' },
  ])
  t.deepEqual(failedOperations(error), [
    { index: 3, failure: 'duplicate', reason: 'E11000 duplicate key' },
    { index: 7, failure: 'refused', reason: 'Document failed validation' },
  ])
})

test('a bulk that no majority has acknowledged failed as a whole', (t) => {
  const errors = [{ index: 3, code: 11000, errmsg: 'E11000 duplicate key' }]
  t.deepEqual(failedOperations(bulkError(errors, { code: 64, errmsg: 'timed out' })), [])
})

test('what never reached the server names nothing and is tried again', (t) => {
  const error = new MongoNetworkError('closed')
  t.deepEqual(failedOperations(error), [])
  t.is(failureOf(error), 'unavailable')
  t.false(isCredentialsRefusal(error))
  t.like(unavailable(error), { code: 'store_unavailable', cause: error })
})

test('refused credentials are known from other errors', (t) => {
  t.true(isCredentialsRefusal(new MongoServerError({ code: 18 })))
  t.false(isCredentialsRefusal(new MongoServerError({ code: 11000 })))
})

test('what is not of the contract is not handed on', (t) => {
  const error = new TinygridError('key_value_unavailable')
  t.like(unavailable(error), { code: 'store_unavailable', cause: error })
})

test('errors of our own stay what they are', (t) => {
  const error = new TinygridError('invalid_field', { field: 'cursor' })
  t.is(unavailable(error), error)
})

function bulkError(
  errors: readonly { index: number; code: number; errmsg: string }[],
  concern?: { code: number; errmsg: string },
): MongoBulkWriteError {
  const result = { getWriteConcernError: () => concern }
  const failure = { message: 'failed', code: 1, writeErrors: errors as never }
  return new MongoBulkWriteError(failure, result as never)
}
