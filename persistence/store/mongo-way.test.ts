/** Both ways get every document to the server that it will take, and name the others. */
import test from 'ava'
import { MongoBulkWriteError, type Db } from 'mongodb'
import type { LinkVersion } from '../../links/link-record.ts'
import type { EpochMs, PartitionId } from '../../links/ids.ts'
import type { LinkDocument } from './mongo-link-document.ts'
import { MongoOwnWay, type MongoCollections } from './mongo-own-way.ts'
import { MongoStandInWay } from './mongo-stand-in-way.ts'
import { serverKindOf } from './mongo-way.ts'
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

/** A server as a way sees it, with the codes it has and those it was asked to update. */
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
  const database = { links } as unknown as MongoCollections
  const own = new MongoOwnWay(database, partitionOf, true)
  return { held, updated, own, standIn: new MongoStandInWay(database, partitionOf) }
}

const partitionOf = () => 0 as PartitionId
const fresh = (...codes: string[]) => codes.map((code) => linkVersion(code, 1))
const changed = (...codes: string[]): LinkVersion[] =>
  codes.map((code) => linkVersion(code, 2, { updatedAt: 2000 as EpochMs }))

test("the stand-in's way inserts new links; those that are there already it updates", async (t) => {
  const { standIn, updated, held } = createServer({ errors: {} })
  await standIn.write(fresh('a', 'b'))
  t.deepEqual(updated, [])
  t.deepEqual(await standIn.write(fresh('b', 'c')), [])
  t.deepEqual(updated, ['b'])
  t.deepEqual([...held], ['a', 'b', 'c'])
})

test("the stand-in's way updates at once what looks like a change", async (t) => {
  const { standIn, updated } = createServer({ errors: {} })
  const versions = [...changed('a'), linkVersion('b', 2, { lifecycle: 'purged' })]
  await standIn.write(versions)
  t.deepEqual(updated, ['a', 'b'])
})

test("the stand-in's way: a document refused at its insertion holds up no other", async (t) => {
  const { standIn, held } = createServer({ errors: { b: [VALIDATION_FAILED] } })
  const refusals = await standIn.write(fresh('a', 'b', 'c'))
  t.like(refusals, [{ code: 'b', position: 1, reason: 'error 121' }])
  t.is(refusals.length, 1)
  t.deepEqual([...held], ['a', 'c'])
})

for (const way of ['own', 'standIn'] as const) {
  for (const stopsAtFirst of way === 'own' ? [false] : [false, true]) {
    const server = stopsAtFirst ? 'one that stops at the first error' : 'one that goes on'
    test(`${way}: a refused change holds up no other, on ${server}`, async (t) => {
      const errors = { b: [VALIDATION_FAILED], d: [VALIDATION_FAILED] }
      const { [way]: writer, held } = createServer({ errors, stopsAtFirst })
      const refusals = await writer.write(changed('a', 'b', 'c', 'd', 'e'))
      t.deepEqual(
        refusals.map(({ code }) => String(code)),
        ['b', 'd'],
      )
      t.deepEqual([...held], ['a', 'c', 'e'])
    })
  }

  test(`${way}: an upsert that another node overtook is done again`, async (t) => {
    const { [way]: writer, held } = createServer({ errors: { a: [DUPLICATE_KEY, DUPLICATE_KEY] } })
    t.deepEqual(await writer.write(changed('a', 'b')), [])
    t.deepEqual([...held].sort(), ['a', 'b'])
  })

  test(`${way}: an upsert that fails as a duplicate for ever is given up`, async (t) => {
    const errors = { a: Array<number>(100).fill(DUPLICATE_KEY) }
    const { [way]: writer } = createServer({ errors })
    await t.throwsAsync(writer.write(changed('a')), { message: /duplicates for ever/ })
  })

  test(`${way}: an error that is not about the document fails the write`, async (t) => {
    const { [way]: writer } = createServer({ errors: { b: [SHUTDOWN] } })
    await t.throwsAsync(writer.write(fresh('a', 'b')), { instanceOf: MongoBulkWriteError })
  })
}

test("MongoDB's own way: a flush is one command, a large one a few side by side", async (t) => {
  const underWay: (() => void)[] = []
  const sizes: number[] = []
  const links = {
    bulkWrite: (operations: readonly unknown[]) => {
      sizes.push(operations.length)
      return new Promise<void>((resolve) => underWay.push(resolve))
    },
  }
  const way = new MongoOwnWay(
    { links } as unknown as MongoCollections,
    () => 0 as PartitionId,
    true,
  )
  const flush = (count: number) =>
    way.write(Array.from({ length: count }, (_, index) => linkVersion(`c${index}`, 1)))

  const small = flush(500)
  t.deepEqual(sizes, [500])
  underWay.shift()!()
  t.deepEqual(await small, [])

  const large = Promise.all([flush(1200), flush(1200)])
  t.deepEqual(sizes, [500, 500, 500, 200, 500], 'four at a time')
  while (underWay.length > 0) {
    underWay.shift()!()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await large
  t.deepEqual(sizes.slice(5), [500, 200])
})

for (const [kind, build, hello] of [
  ['ferretdb', { ferretdbVersion: 'v1.24.0' }, { setName: 'rs' }],
  ['set', {}, { setName: 'rs' }],
  ['set', {}, { msg: 'isdbgrid' }],
  ['alone', {}, {}],
] as const) {
  test(`the server says what it is: ${kind} (${JSON.stringify({ ...build, ...hello })})`, async (t) => {
    const answers = [build, hello]
    const database = { command: async () => answers.shift() } as unknown as Db
    t.is(await serverKindOf(database, 1000), kind)
  })
}
