/** Wherever the store's file is damaged, a link is answered as it was or not at all. */
import { cp, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { decodeLink, isWholeVersion, type LinkVersion } from '../../links/link-record.ts'
import { systemLongWork } from '../../links/long-work.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { LmdbEnvironment, type Keyspace } from '../data-directory/lmdb-environment.ts'
import { findDamage } from '../data-directory/lmdb-file.ts'
import { linkKey, STORE_KEYSPACES } from './link-entry.ts'
import { flipByte } from '../testing/damage.ts'
import { STORE_RING } from './link-store.contract.ts'
import { LmdbLinkStore } from './lmdb-link-store.ts'

const work = systemLongWork()
const OPTIONS = { partitions: STORE_RING.partitions, work }
const LINKS = Array.from({ length: 300 }, (_, index) =>
  linkVersion(`code-${index}`, 7, { url: `https://example.org/${index}`, tags: ['tag'] }),
)
const CHANGES = 250

test('random changes of the file lead to no wrong answer and no absence', async (t) => {
  const whole = await filledStore(t)
  const { size } = await stat(path.join(whole, 'data.mdb'))
  const seen = { refused: 0, damaged: 0 }
  for (let change = 0; change < CHANGES; change++) {
    // Spread evenly, each byte to another value: the same in every run.
    const at = Math.floor((change + 0.37) * (size / CHANGES))
    const directory = path.join(await temporary(t), 'copy')
    await cp(whole, directory, { recursive: true })
    await flipByte(path.join(directory, 'data.mdb'), at, 1 + (change % 255))
    if (findDamage(path.join(directory, 'data.mdb')) !== undefined) seen.refused++
    else if (!(await answersTruly(t, directory, at))) seen.damaged++
    await rm(directory, { recursive: true })
  }
  t.true(seen.damaged > 20 && seen.refused > 20, JSON.stringify(seen))
})

test('a damaged value is an error for its link alone, until its owner writes it anew', async (t) => {
  const store = await storeWith(t, (links) => {
    const value = links.getBinary(linkKey('code-7' as Code))!
    void links.put(linkKey('code-7' as Code), value.fill(0xff, value.length - 3))
  })
  await t.throwsAsync(store.get('code-7' as Code), { code: 'store_damaged', message: /code-7/ })
  await t.throwsAsync(store.list({ limit: 1000 }), { code: 'store_damaged', message: /code-7/ })
  t.deepEqual(await store.get('code-8' as Code), LINKS[8])
  const loaded = (await Array.fromAsync(store.load(STORE_RING.all()))).flat()
  t.deepEqual(codesOf(loaded.filter((version) => !isWholeVersion(version))), ['code-7'])
  t.is(loaded.length, LINKS.length)
  const newer = linkVersion('code-7', 8, { url: 'https://example.org/newer' })
  await store.write([newer])
  t.deepEqual(await store.get('code-7' as Code), newer)
  const { links } = await store.list({ limit: 1000, tag: 'tag' })
  t.false(
    links.some(({ code }) => (code as string) === 'code-7'),
    'the new version has no tag',
  )
})

test("another link's value under a key is not taken for the key's", async (t) => {
  const store = await storeWith(t, (links) => {
    void links.put(linkKey('code-2' as Code), links.getBinary(linkKey('code-1' as Code))!)
  })
  await t.throwsAsync(store.get('code-2' as Code), { code: 'store_damaged' })
})

test('beside a damaged key nothing is said to be absent', async (t) => {
  const key = linkKey('code-3' as Code)
  const store = await storeWith(t, (links) => {
    const damagedKey = Buffer.from(key)
    damagedKey[key.length - 1]! ^= 1
    void links.put(damagedKey, links.getBinary(key)!)
    void links.remove(key)
  })
  await t.throwsAsync(store.get('code-3' as Code), { code: 'store_damaged' })
  t.is(await store.get('never-given' as Code), undefined)
})

test('a damaged checkpoint is told, not used', async (t) => {
  const store = await storeWith(t, (_links, checkpoints) => {
    const [entry] = [...checkpoints.getRange({})]
    entry!.value[5]! ^= 0x40
    void checkpoints.put(entry!.key, entry!.value)
  })
  await t.throwsAsync(store.checkpoints(), { code: 'store_damaged' })
})

/** Whether all links are answered; those that are not, are errors. */
async function answersTruly(t: ExecutionContext, directory: string, at: number): Promise<boolean> {
  const store = await LmdbLinkStore.open(directory, OPTIONS)
  let isWhole = true
  const noteError = (error: unknown) => {
    isWhole = false
    t.regex((error as { code: string }).code, /^store_(damaged|unavailable)$/)
  }
  for (const link of LINKS) {
    try {
      t.deepEqual(await store.get(link.code), link, `${link.code} after a change at ${at}`)
    } catch (error) {
      noteError(error)
    }
  }
  const loaded = (await Array.fromAsync(store.load(STORE_RING.all()))).flat()
  const whole = loaded.filter(isWholeVersion)
  const expected = new Map(LINKS.map((link) => [link.code, link]))
  t.true(whole.every((version) => expected.get(version.code)!.record.equals(version.record)))
  t.is(loaded.length, LINKS.length, `what is damaged is told of: a change at ${at}`)
  if (whole.length < LINKS.length) isWhole = false
  const listed = await store.list({ limit: 1000 }).catch(noteError)
  for (const link of listed?.links ?? []) {
    t.deepEqual(link, decodeLink(expected.get(link.code)!.record))
  }
  await store.close()
  return isWhole
}

async function temporary(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-damage-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function filledStore(t: ExecutionContext): Promise<string> {
  const directory = await temporary(t)
  const store = await LmdbLinkStore.open(directory, OPTIONS)
  await store.write(LINKS)
  await store.saveCheckpoints(new Map([[3 as PartitionId, 9 as LogPosition]]))
  await store.close()
  return directory
}

/** A store that was changed behind its back. */
async function storeWith(
  t: ExecutionContext,
  damage: (links: Keyspace, checkpoints: Keyspace) => void,
): Promise<LmdbLinkStore> {
  const directory = await filledStore(t)
  const environment = new LmdbEnvironment(directory)
  await environment.hold()
  const links = environment.keyspace(STORE_KEYSPACES.links)
  const checkpoints = environment.keyspace(STORE_KEYSPACES.checkpoints)
  await environment.commit({ bytes: 0 }, () => damage(links, checkpoints))
  await environment.close()
  const store = await LmdbLinkStore.open(directory, OPTIONS)
  t.teardown(() => store.close())
  return store
}

function codesOf(versions: readonly LinkVersion[]): string[] {
  return versions.map(({ code }) => code)
}
