/** What every store of keys keeps: run against each adapter by a test of its own. */
import type { ExecutionContext, TestFn } from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { KEYS_MAX, newSecret, secretDigest, type AccessKey } from './access-key.ts'
import type { KeyStore } from './key-store.ts'

/** @param open gives the store, and how it looks to another node or after a restart */
export type OpenKeyStore = (
  t: ExecutionContext,
) => Promise<{ readonly store: KeyStore; readonly again: () => Promise<KeyStore> }>

export function sampleKey(more: Partial<AccessKey> = {}): AccessKey {
  const { id, secret } = newSecret()
  return {
    id,
    name: 'A key',
    role: 'edit',
    hash: secretDigest(secret).toString('base64url'),
    createdAt: 1_700_000_000_000 as EpochMs,
    expiresAt: null,
    requestsPerMinuteMax: null,
    tags: ['team'],
    domains: [],
    lastUsedAt: null,
    ...more,
  }
}

export function keyStoreContract(test: TestFn, name: string, open: OpenKeyStore): void {
  test(`${name}: what was added is there, here and elsewhere, until it is removed`, async (t) => {
    const { store, again } = await open(t)
    const [one, two] = [sampleKey(), sampleKey({ name: 'Another', tags: [] })]
    let changes = 0
    const forget = store.onChange(() => changes++)
    await store.add(one)
    await store.add(two)
    t.deepEqual(store.get(one.id), one)
    t.deepEqual(new Set((await again()).all()), new Set([one, two]))
    t.true(await store.remove(one.id))
    t.false(await store.remove(one.id))
    t.is(store.get(one.id), undefined)
    t.deepEqual((await again()).all(), [two])
    t.true(changes >= 3)
    forget()
    const before = changes
    await store.remove(two.id)
    t.is(changes, before)
  })

  test(`${name}: a use is noted, and brings no removed key back`, async (t) => {
    const { store, again } = await open(t)
    const key = sampleKey()
    const at = (key.createdAt + 60_000) as EpochMs
    await store.add(key)
    await store.noteUse(key.id, at)
    t.is((await again()).get(key.id)?.lastUsedAt, at)
    await Promise.all([store.remove(key.id), store.noteUse(key.id, at)])
    await store.noteUse(key.id, at)
    t.is(store.get(key.id), undefined)
    t.deepEqual((await again()).all(), [])
  })

  test(`${name}: a key is changed, and is held to its domains from then on`, async (t) => {
    const { store, again } = await open(t)
    const key = sampleKey({ lastUsedAt: 1_700_000_100_000 as EpochMs })
    await store.add(key)
    const { id: _id, hash: _hash, createdAt: _at, lastUsedAt: _used, ...fields } = key
    const wanted = { ...fields, name: 'Renamed', domains: ['default', 'go.example'] }
    const changed = { ...key, ...wanted }
    t.deepEqual(await store.change(key.id, wanted), changed)
    t.deepEqual(store.get(key.id), changed)
    t.deepEqual((await again()).all(), [changed])
    await store.remove(key.id)
    t.is(await store.change(key.id, wanted), undefined)
    t.deepEqual((await again()).all(), [])
  })

  test(`${name}: there are at most ${KEYS_MAX}`, async (t) => {
    const { store } = await open(t)
    for (let made = 0; made < KEYS_MAX; made++) await store.add(sampleKey())
    await t.throwsAsync(() => store.add(sampleKey()), { message: /as many keys/ })
    t.is(store.all().length, KEYS_MAX)
  })
}
