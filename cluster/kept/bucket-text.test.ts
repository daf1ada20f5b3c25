import test from 'ava'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { BucketText } from './bucket-text.ts'
import { keptTextContract } from './kept-text.contract.ts'

keptTextContract(test, 'bucket', async (t) => {
  const server = new MemoryKeyValueServer()
  const text = await BucketText.open(server.connect(), 'access.hosts')
  t.teardown(() => text.close())
  return { text, again: () => BucketText.open(server.connect(), 'access.hosts') }
})

test('another node hears of a change, and neither overwrites the other', async (t) => {
  const server = new MemoryKeyValueServer()
  const [one, two] = [
    await BucketText.open(server.connect(), 'access.hosts'),
    await BucketText.open(server.connect(), 'access.hosts'),
  ]
  const heard = new Promise<void>((resolve) => {
    two.onChange(() => {
      if (two.current?.includes('a') === true) resolve()
    })
  })
  await Promise.all([
    one.change((was) => `${was ?? ''}a`),
    two.change((was) => `${was ?? ''}b`),
    server.connect().create('access.other', 'else'),
  ])
  await heard
  t.is(two.current?.length, 2)
})
