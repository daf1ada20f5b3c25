/** What dead letters mean for the opening of partitions, their own and others. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { toLogPosition, type Code, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { linkRecord } from '../../links/testing/sample-links.ts'

import { Place, ring } from '../testing/recovery-world.ts'

test('a dead letter comes back into memory, unless the store has something newer', async (t) => {
  const place = new Place()
  for (const name of ['kept', 'overtaken']) {
    const position = await place.append(name, `https://example.org/${name}`)
    const partition = ring.partitionOf(name as Code)
    await place.store.saveCheckpoints(new Map([[partition, position]]))
    const payload = linkRecord(name, { url: `https://example.org/${name}` })
    await place.log.addDeadLetter({ key: name, partition, position, reason: 'refused', payload })
  }
  const record = linkRecord('overtaken', { url: 'https://example.org/newer' })
  const newer = { code: 'overtaken' as Code, position: toLogPosition(9), record }
  await place.store.write([newer])
  await place.recover()
  t.deepEqual(place.lookup('kept'), { kind: 'redirect', url: 'https://example.org/kept' })
  t.is(place.lookup('overtaken').kind, 'unknown')
  const letters: string[] = []
  for await (const { key } of place.log.deadLetters()) letters.push(key)
  t.deepEqual(letters, ['kept'])
})

/** One partition has a letter, which the store is needed for. */
async function placeWithLetter() {
  const place = new Place()
  const position = await place.append('kept', 'https://example.org/kept')
  const partition = ring.partitionOf('kept' as Code)
  await place.store.saveCheckpoints(new Map([[partition, position]]))
  const payload = linkRecord('kept', { url: 'https://example.org/kept' })
  await place.log.addDeadLetter({ key: 'kept', partition, position, reason: 'refused', payload })
  return { place, partition }
}

test('while the store is away, only partitions with dead letters of their own wait for it', async (t) => {
  const { place, partition } = await placeWithLetter()
  const work = place.store.checkpoints.bind(place.store)
  place.store.checkpoints = () => Promise.reject(new TinygridError('store_unavailable'))
  await t.throwsAsync(place.recover(), { code: 'store_unavailable' })
  t.deepEqual(
    ring.all().filter((id) => !place.partitions.has(id)),
    [partition],
  )
  place.store.checkpoints = work
  await place.recover()
  t.deepEqual(place.lookup('kept'), { kind: 'redirect', url: 'https://example.org/kept' })
})

test('a store that does not answer holds up partitions with dead letters, and no other', async (t) => {
  const place = new Place()
  const waiting = ring.all().slice(0, 8)
  for (const partition of waiting) {
    const letter = { position: toLogPosition(1), reason: 'refused', payload: Buffer.from('none') }
    await place.log.addDeadLetter({ key: `k${partition}`, partition, ...letter })
  }
  const held = Promise.withResolvers<ReadonlyMap<PartitionId, LogPosition>>()
  const work = place.store.checkpoints.bind(place.store)
  let asked = 0
  place.store.checkpoints = () => (++asked === 1 ? work() : held.promise)
  const opening = place.recover()
  await setImmediate()
  t.deepEqual([...place.partitions.keys()], ring.all().slice(8))
  held.resolve(await work())
  await opening
  t.is(place.partitions.size, ring.partitions)
})

test('attempts that fail write one epoch record in all, until somebody else has written', async (t) => {
  const { place, partition } = await placeWithLetter()
  const work = place.store.checkpoints.bind(place.store)
  place.store.checkpoints = () => Promise.reject(new TinygridError('store_unavailable'))
  const failing = async () => {
    await t.throwsAsync(place.recover(), { code: 'store_unavailable' })
    return place.log.last(partition)
  }
  const first = await failing()
  t.is(await failing(), first)
  t.is(await failing(), first)
  await place.append('kept', 'https://example.org/other')
  t.is(await failing(), toLogPosition(first + 2))
  place.store.checkpoints = work
  await place.recover()
  t.is(place.partitions.get(partition)!.lastPosition, toLogPosition(first + 2))
  await place.recover()
  t.is(await place.log.last(partition), toLogPosition(first + 3), 'what was used is not used again')
})

test('a letter that a frozen owner adds while the log is read is not missed: the next attempt has it', async (t) => {
  const place = new Place()
  const partition = ring.partitionOf('a' as Code)
  await place.appendThreeAndTrimTo(3)
  const payload = linkRecord('a', { url: 'https://example.org/3' })
  const letter = { key: 'a', partition, position: toLogPosition(3), reason: 'refused', payload }
  const checkpoints = [1, 3, 3].map(toLogPosition)
  place.store.checkpoints = async () =>
    new Map([[partition, checkpoints.shift() ?? letter.position]])
  const letters = place.log.deadLetters.bind(place.log)
  let reads = 0
  place.log.deadLetters = async function* () {
    if (reads++ === 0) return
    if (reads === 2) await place.log.addDeadLetter(letter)
    yield* letters()
  }
  await t.throwsAsync(place.recover(true), { code: 'log_unavailable' })
  t.false(place.partitions.has(partition))
  await place.recover(true)
  t.deepEqual(place.lookup('a'), { kind: 'redirect', url: 'https://example.org/3' })
})
