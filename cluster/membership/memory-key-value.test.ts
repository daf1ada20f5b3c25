/** The memory store keeps the contract of a key-value store, and can be cut off. */
import test from 'ava'
import { testKeyValueContract, watch } from './key-value.contract.ts'
import { MemoryKeyValueServer } from './memory-key-value.ts'

testKeyValueContract('memory key-value', async () => {
  const server = new MemoryKeyValueServer()
  return { one: server.connect(), two: server.connect() }
})

test('a handle that is cut off is refused, and told afterwards what it missed', async (t) => {
  const server = new MemoryKeyValueServer()
  const [one, two] = [server.connect(), server.connect()]
  const watched = await watch(one)
  const revision = await two.create('a', '1')
  one.cut()
  await t.throwsAsync(one.get('a'), { code: 'key_value_unavailable' })
  await two.update('a', '2', revision)
  await two.create('b', '1')
  t.deepEqual(
    watched.entries.map(({ value }) => value),
    ['1'],
  )
  one.heal()
  await one.get('a')
  t.deepEqual(
    watched.entries.map(({ key, value }) => key + value),
    ['a1', 'a2', 'b1'],
  )
  t.is(watched.currentAt.length, 1)
})
