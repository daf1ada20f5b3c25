import test from 'ava'
import * as fc from 'fast-check'
import type { LinkDraft } from './link-draft.ts'
import { hasCode } from '../../links/errors.ts'
import { parseCode, type Code, type EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { FakeLinks } from '../testing/fake-links.ts'
import { codesOfUrl } from './link-code.ts'
import { LinkCreator } from './link-creation.ts'

const NOW = 1_000 as EpochMs
const LENGTH = 7

const passwords = { hash: async () => '' }

function setUp(codeLength = LENGTH, randomBytes?: (size: number) => Uint8Array) {
  const links = new FakeLinks(() => NOW)
  const random = randomBytes === undefined ? {} : { randomBytes }
  return {
    links,
    creator: new LinkCreator({
      owner: links,
      codeLength,
      codeCase: 'sensitive',
      secret: 'a secret',
      passwords,
      ...random,
    }),
  }
}

function draftOf(url: string, rest: Partial<LinkDraft> = {}): LinkDraft {
  const settings = { title: null, tags: [], expiresAt: null, maxVisits: null, password: null }
  return { url, alias: undefined, domain: null, reuse: undefined, ...settings, ...rest }
}

/** Gives a code to another URL, as a collision of digests would. */
function occupy(links: FakeLinks, code: Code): void {
  const times = { createdAt: NOW, updatedAt: NOW, expiresAt: null }
  const url = `https://other.example/${code}`
  const rest = { title: null, tags: [], maxVisits: null, visits: 0, isAlias: false }
  links.links.set(code, { code, url, ...times, ...rest, lifecycle: 'live' })
}

test('through 1,000 forced collisions, every URL keeps its code and no code changes its URL', async (t) => {
  const { links, creator } = setUp()
  for (let n = 0; n < 1000; n++) {
    const url = `https://example.com/${n}`
    const windows = [...codesOfUrl(url, LENGTH)]
    const collisions = n % windows.length
    for (const code of windows.slice(0, collisions)) if (!links.links.has(code)) occupy(links, code)
    const { link, isNew } = await creator.create(draftOf(url))
    t.true(isNew)
    t.is(link.code, windows[collisions]!)
    t.deepEqual(await creator.create(draftOf(url)), { link, isNew: false })
  }
  for (const [code, { url }] of links.links) {
    t.true(url === `https://other.example/${code}` || url.startsWith('https://example.com/'))
  }
})

test('when all windows are taken, the code is random', async (t) => {
  const { links, creator } = setUp()
  const url = 'https://example.com/'
  const windows = [...codesOfUrl(url, LENGTH)]
  for (const code of windows) occupy(links, code)
  const { link, isNew } = await creator.create(draftOf(url))
  t.true(isNew)
  t.false(windows.some((code) => code === link.code))
  t.is(link.code.length, LENGTH)
})

test('a code once given is never given to another URL, whatever is asked for in what order', async (t) => {
  const step = fc.record({
    url: fc.integer({ min: 0, max: 5 }).map((n) => `https://example.com/${n}`),
    reuse: fc.constantFrom(undefined, true, false),
    alias: fc.constantFrom(undefined, undefined, parseCode('a'), parseCode('b')),
    title: fc.constantFrom(null, 'title'),
    deletes: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { links, creator } = setUp(1)
      const urlOf = new Map<Code, string>()
      for (const { url, reuse, alias, title, deletes } of steps) {
        const link = await tryCreate(creator, draftOf(url, { reuse, alias, title }))
        if (link === undefined) continue
        t.is(urlOf.get(link.code) ?? url, url)
        urlOf.set(link.code, url)
        if (deletes) await links.write({ kind: 'delete', code: link.code })
      }
    }),
  )
})

async function tryCreate(creator: LinkCreator, draft: LinkDraft): Promise<Link | undefined> {
  try {
    return (await creator.create(draft)).link
  } catch (error) {
    if (hasCode(error, 'alias_taken', 'no_free_code')) return undefined
    throw error
  }
}

test('codes grow where short ones have run out', async (t) => {
  const { links, creator } = setUp(1)
  for (let n = 0; n < 200; n++) await creator.create(draftOf(`https://example.com/${n}`))
  t.is(links.links.size, 200)
  const lengths = new Set([...links.links.keys()].map((code) => code.length))
  t.true(lengths.has(1))
  t.true(lengths.has(2))
})

test('a broken source of randomness ends in an error, not in a loop', async (t) => {
  const { creator } = setUp(LENGTH, (size) => new Uint8Array(size))
  const create = () => creator.create(draftOf('https://example.com/', { reuse: false }))
  for (let n = 0; n < 5; n++) await create()
  await t.throwsAsync(create, { message: 'No free code was found' })
})

test('an uncertain write is not tried again under another code', async (t) => {
  const { links, creator } = setUp()
  links.failure = new Error('uncertain')
  await t.throwsAsync(creator.create(draftOf('https://example.com/')), { message: 'uncertain' })
  t.is(links.writes, 1)
})
