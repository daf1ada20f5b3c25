/** The writer gets every document to the store that the store will take, and names the others. */
import test from 'ava'
import { MongoBulkWriteError, type Collection } from 'mongodb'
import type { LinkVersion } from '../../links/link-record.ts'
import type { EpochMs, PartitionId } from '../../links/ids.ts'
import type { LinkDocument } from './mongo-link-document.ts'
import { MongoLinkWriter } from './mongo-link-write.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

const DUPLICATE_KEY = 11000
const VALIDATION_FAILED = 121
const SHUTDOWN = 91

interface Failing {
  /** What the server says to a document, by its code; one that it says more than once comes often. */
  readonly errors: Record<string, number[]>
  /** Whether a bulk of updates ends at its first error, as in FerretDB. */
  readonly stopsAtFirst?: boolean
}

/** A server as the writer sees it, with the codes it has and those it was asked to update. */
function createServer({ errors, stopsAtFirst = false }: Failing) {
  const held = new Set<string>()
  const updated: string[] = []
  const run = (codes: readonly string[], stops: boolean, each: (code: string) => number) => {
    const failed: { index: number; code: number; errmsg: string }[] = []
    for (const [index, code] of codes.entries()) {
      if (stops && failed.length > 0) break
      const problem = errors[code]?.shift() ?? each(code)
      if (problem !== 0) failed.push({ index, code: problem, errmsg: `error ${problem}` })
      else held.add(code)
    }
    if (failed.length === 0) return
    const result = { getWriteConcernError: () => undefined }
    const failure = { message: 'failed', code: 1, writeErrors: failed as never }
    throw new MongoBulkWriteError(failure, result as never)
  }
  const links = {
    async insertMany(documents: readonly LinkDocument[]) {
      const codes = documents.map(({ _id }) => _id)
      run(codes, false, (code) => (held.has(code) ? DUPLICATE_KEY : 0))
    },
    async bulkWrite(operations: readonly { updateOne: { filter: { _id: string } } }[]) {
      const codes = operations.map(
        ({
          updateOne: {
            filter: { _id },
          },
        }) => _id,
      )
      run(codes, stopsAtFirst, (code) => {
        updated.push(code)
        return 0
      })
    },
  }
  const collection = links as unknown as Collection<LinkDocument>
  return { held, updated, writer: new MongoLinkWriter(collection, () => 0 as PartitionId) }
}

const fresh = (...codes: string[]) => codes.map((code) => linkVersion(code, 1))
const changed = (...codes: string[]): LinkVersion[] =>
  codes.map((code) => linkVersion(code, 2, { updatedAt: 2000 as EpochMs }))

test('new links are inserted; those that are there already are updated', async (t) => {
  const { writer, updated, held } = createServer({ errors: {} })
  await writer.write(fresh('a', 'b'))
  t.deepEqual(updated, [])
  t.deepEqual(await writer.write(fresh('b', 'c')), [])
  t.deepEqual(updated, ['b'])
  t.deepEqual([...held], ['a', 'b', 'c'])
})

test('what looks like a change is updated at once', async (t) => {
  const { writer, updated } = createServer({ errors: {} })
  const versions = [...changed('a'), linkVersion('b', 2, { lifecycle: 'purged' })]
  await writer.write(versions)
  t.deepEqual(updated, ['a', 'b'])
})

test('a document refused at its insertion holds up no other', async (t) => {
  const { writer, held } = createServer({ errors: { b: [VALIDATION_FAILED] } })
  const refusals = await writer.write(fresh('a', 'b', 'c'))
  t.like(refusals, [{ code: 'b', position: 1, reason: 'error 121' }])
  t.is(refusals.length, 1)
  t.deepEqual([...held], ['a', 'c'])
})

for (const stopsAtFirst of [false, true]) {
  const server = stopsAtFirst ? 'one that stops at the first error' : 'one that goes on'
  test(`a refused change holds up no other, on ${server}`, async (t) => {
    const errors = { b: [VALIDATION_FAILED], d: [VALIDATION_FAILED] }
    const { writer, held } = createServer({ errors, stopsAtFirst })
    const refusals = await writer.write(changed('a', 'b', 'c', 'd', 'e'))
    t.deepEqual(
      refusals.map(({ code }) => String(code)),
      ['b', 'd'],
    )
    t.deepEqual([...held], ['a', 'c', 'e'])
  })
}

test('an upsert that another node overtook is done again', async (t) => {
  const { writer, held } = createServer({ errors: { a: [DUPLICATE_KEY, DUPLICATE_KEY] } })
  t.deepEqual(await writer.write(changed('a', 'b')), [])
  t.deepEqual([...held].sort(), ['a', 'b'])
})

test('an upsert that fails as a duplicate for ever is given up', async (t) => {
  const { writer } = createServer({ errors: { a: Array<number>(100).fill(DUPLICATE_KEY) } })
  await t.throwsAsync(writer.write(changed('a')), { message: 'error 11000' })
})

test('an error that is not about the document fails the write', async (t) => {
  const { writer } = createServer({ errors: { b: [SHUTDOWN] } })
  await t.throwsAsync(writer.write(fresh('a', 'b')), { instanceOf: MongoBulkWriteError })
})
