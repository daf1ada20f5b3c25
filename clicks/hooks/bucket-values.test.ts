/** Saved values in a bucket, which several processes know and one writes. */
import test from 'ava'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import { BucketValues } from './bucket-values.ts'

test('what one process has put another one has', async (t) => {
  const server = new MemoryKeyValueServer()
  const one = await BucketValues.open(server.connect())
  await one.put('b.1', 'one')
  await one.put('b.1', 'two')
  await one.put('a.1', 'x')
  await one.remove('a.1')
  await one.put('a.1', 'y')
  await server.connect().create('salt.2026-11-27', 'not ours')
  const other = await BucketValues.open(server.connect())
  t.deepEqual(
    [...(await other.list(''))],
    [
      ['a.1', 'y'],
      ['b.1', 'two'],
    ],
  )
  await other.remove('b.1')
  await other.remove('b.1')
  t.deepEqual([...(await other.list('b.'))], [])
})

test('who has lost the lead overwrites nothing', async (t) => {
  const server = new MemoryKeyValueServer()
  const behind = server.connect()
  const old = await BucketValues.open(behind)
  await old.put('a', '1')
  behind.cut()
  const lead = await BucketValues.open(server.connect())
  await lead.put('a', '2')
  await t.throwsAsync(old.put('a', '3'), { code: 'click_store_unavailable' })
  t.is(server.get('hooks.a')?.value, '2')
})
