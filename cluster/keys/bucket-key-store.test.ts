import test from 'ava'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { BucketKeyStore } from './bucket-key-store.ts'
import { keyStoreContract, sampleKey } from './key-store.contract.ts'

keyStoreContract(test, 'bucket', async (t) => {
  const server = new MemoryKeyValueServer()
  const store = await BucketKeyStore.open(server.connect())
  t.teardown(() => store.close())
  return { store, again: () => BucketKeyStore.open(server.connect()) }
})

test('another node hears of keys as they come and go, and of nothing that is none', async (t) => {
  const server = new MemoryKeyValueServer()
  const [one, two] = [
    await BucketKeyStore.open(server.connect()),
    await BucketKeyStore.open(server.connect()),
  ]
  const key = sampleKey()
  const heard = (isThere: boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if ((two.get(key.id) !== undefined) === isThere) resolve()
      }
      two.onChange(check)
      check()
    })
  await one.add(key)
  await heard(true)
  await two.noteUse(key.id, key.createdAt)
  await one.remove(key.id)
  await heard(false)
  await server.connect().create('access.key.aaaaaaaaaaaa', '{"role":"admin"}')
  await server.connect().create('access.key.bbbbbbbbbbbb', JSON.stringify(key))
  t.deepEqual((await BucketKeyStore.open(server.connect())).all(), [])
})

test('a key of a newer program, which may allow less, opens nothing and stays as it is', async (t) => {
  const server = new MemoryKeyValueServer()
  const key = sampleKey()
  const value = JSON.stringify({ ...key, networks: ['10.0.0.0/8'] })
  await server.connect().create(`access.key.${key.id}`, value)
  const store = await BucketKeyStore.open(server.connect())
  t.is(store.get(key.id), undefined)
  await store.noteUse(key.id, key.createdAt)
  t.is((await server.connect().get(`access.key.${key.id}`))?.value, value)
})
