import test from 'ava'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { TinygridError } from '../../links/errors.ts'
import { testForeignEntries } from './foreign-entries.contract.ts'
import { ForeignEntries } from './foreign-entries.ts'
import { isForeignPayload } from './log-record.ts'
import type { LogEntry } from './log.ts'
import { MemoryLog } from './memory-log.ts'

testForeignEntries('memory log', async () => {
  const log = new MemoryLog({ isForeign: isForeignPayload })
  return { one: log, two: log, disturb: (partition, payload) => log.disturb(partition, payload) }
})

const junk = (position: number): LogEntry => {
  return { position: position as LogPosition, previous: undefined, payload: Buffer.from('junk') }
}

const refused = () => Promise.reject(new TinygridError('log_replaced'))

async function* oneMore(after: LogPosition) {
  yield junk(after + 1)
}

async function* halfATail(after: LogPosition) {
  yield junk(after + 1)
  throw new TinygridError('log_unavailable')
}

test('strangers who are always faster cost an append, not the owner its partition', async (t) => {
  const foreign = new ForeignEntries({ isForeign: () => true })
  const appending = foreign.append(7 as LogPosition, refused, oneMore)
  await t.throwsAsync(appending, { code: 'log_unavailable' })
})

test('a tail that cannot be read refuses nothing and goes nowhere', async (t) => {
  const foreign = new ForeignEntries({ isForeign: () => true })
  const appending = foreign.append(7 as LogPosition, refused, halfATail)
  await t.throwsAsync(appending, { code: 'log_unavailable' })
})

test('each foreign entry that is read is told with its place', async (t) => {
  const told: unknown[] = []
  const log = new MemoryLog({
    isForeign: isForeignPayload,
    onForeign: (...place) => told.push(place),
  })
  await log.disturb(5 as PartitionId, Buffer.from('junk'))
  t.deepEqual(await Array.fromAsync(log.readAfter(5 as PartitionId, 0 as LogPosition)), [])
  t.deepEqual(told, [[5, 1]])
})
