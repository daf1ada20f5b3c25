import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import { until } from './deadline.ts'
import { API_KEY, Program, temporaryDirectory } from './program.ts'
import { becomes, ErrorType, refusal, shlinkClient, visitAs, type Fields } from './shlink-client.ts'

/*
 * Shlink’s own SDK, which was made for another shortener, against the real program.
 */

const PATIENCE_MS = 60_000
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const BOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'

let program: Program
let cleanUp = () => {}

test.before(async () => {
  const dataDir = temporaryDirectory({ teardown: (fn) => (cleanUp = fn) })
  program = await Program.start({
    dataDir,
    env: {
      TINYGRID_ROLES: 'gateway,actors,analytics',
      TINYGRID_INTERFACES: 'shlink,yourls,bitly',
      TINYGRID_ALIAS_LENGTH_MAX: '32',
    },
  })
})

test.after.always(async () => {
  await program?.kill()
  cleanUp()
})

const shlink = (key = API_KEY) => shlinkClient(program.url, key)

async function codesOf(params: Fields): Promise<string[]> {
  const { data } = await shlink().listShortUrls(params)
  return data.map(({ shortCode }) => shortCode)
}

test.serial('a short URL is made, edited and deleted', async (t) => {
  const client = shlink()
  const made = await client.createShortUrl({
    longUrl: 'https://example.com/story?a=1',
    customSlug: 'my-story',
    title: 'A story',
    tags: ['crud'],
    validSince: '2020-01-01T00:00:00+01:00',
    validUntil: '2090-01-01T00:00:00+00:00',
    maxVisits: 7,
    findIfExists: true,
  })
  t.like(made, {
    shortCode: 'my-story',
    shortUrl: `${program.url}/my-story`,
    longUrl: 'https://example.com/story?a=1',
    visitsSummary: { total: 0, nonBots: 0, bots: 0 },
    meta: {
      validSince: '2019-12-31T23:00:00.000Z',
      validUntil: '2090-01-01T00:00:00.000Z',
      maxVisits: 7,
    },
    tags: ['crud'],
    title: 'A story',
    domain: null,
    forwardQuery: true,
    hasRedirectRules: false,
  })
  t.deepEqual(await client.getShortUrl({ shortCode: 'my-story' }), made)
  const taken = client.createShortUrl({ longUrl: 'https://example.org/', customSlug: 'my-story' })
  t.like(await refusal(t, taken), {
    type: ErrorType.INVALID_SLUG,
    status: 400,
    customSlug: 'my-story',
  })
  const edited = await client.updateShortUrl(
    { shortCode: 'my-story' },
    {
      longUrl: 'https://example.net/',
      validUntil: null,
      maxVisits: null,
      tags: [],
      forwardQuery: false,
    },
  )
  t.like(edited, { longUrl: 'https://example.net/', title: 'A story', forwardQuery: false })
  t.is(edited.meta.validUntil, null)
  t.is(edited.meta.maxVisits, null)
  t.deepEqual(edited.tags, [])
  await client.deleteShortUrl({ shortCode: 'my-story', domain: 'DEFAULT' })
  const gone = await refusal(t, client.getShortUrl({ shortCode: 'my-story' }))
  t.like(gone, { type: ErrorType.INVALID_SHORTCODE, status: 404, shortCode: 'my-story' })
})

test.serial('findIfExists gives the link that was asked for in the same way', async (t) => {
  const client = shlink()
  const longUrl = 'https://example.com/find-if-exists'
  const ask = async (more: object = {}) =>
    (await client.createShortUrl({ longUrl, findIfExists: true, ...more })).shortCode
  const first = await ask()
  t.is(await ask(), first)
  t.is(await ask({ title: 'Only a title' }), first)
  const tagged = await ask({ tags: ['fie-a', 'fie-b'] })
  t.not(tagged, first)
  t.is(await ask({ tags: ['fie-b', 'fie-a'] }), tagged)
  t.not(await ask({ tags: ['fie-a', 'fie-b'], maxVisits: 3 }), tagged)
  t.not((await client.createShortUrl({ longUrl })).shortCode, first)
  const slug = await ask({ customSlug: 'fie-slug', maxVisits: 5 })
  t.is(await ask({ customSlug: 'fie-slug', maxVisits: 5 }), slug)
  const other = await refusal(t, ask({ customSlug: 'fie-slug', maxVisits: 6 }))
  t.is(other.type, ErrorType.INVALID_SLUG)
  t.is((await client.createShortUrl({ longUrl, shortCodeLength: 15 })).shortCode.length, 15)
})

test.serial('lists are paged, searched, filtered and ordered', async (t) => {
  const client = shlink()
  const slugs = ['list-c', 'list-a', 'list-e', 'list-b', 'list-d']
  for (const [index, customSlug] of slugs.entries()) {
    const longUrl = `https://example.com/listed/${9 - index}`
    const tags = ['listed', index % 2 === 0 ? 'even' : 'odd']
    await client.createShortUrl({ longUrl, customSlug, tags, title: `Title ${index}` })
  }
  await becomes(t, () => codesOf({ searchTerm: '/listed/' }), slugs.toReversed())
  const first = await client.listShortUrls({ searchTerm: '/listed/', itemsPerPage: 2 })
  t.deepEqual(first.pagination as object, {
    currentPage: 1,
    pagesCount: 3,
    itemsPerPage: 2,
    itemsInCurrentPage: 2,
    totalItems: 5,
  })
  const pages = ['1', '2', '3', '4'].map((page) =>
    codesOf({ searchTerm: '/listed/', itemsPerPage: 2, page }),
  )
  t.deepEqual(await Promise.all(pages), [
    ['list-d', 'list-b'],
    ['list-e', 'list-a'],
    ['list-c'],
    [],
  ])
  const ordered = (field: 'shortCode' | 'longUrl' | 'title' | 'dateCreated', dir: 'ASC' | 'DESC') =>
    codesOf({ tags: ['listed'], orderBy: { field, dir } })
  await becomes(t, () => ordered('shortCode', 'ASC'), [...slugs].sort())
  await becomes(t, () => ordered('longUrl', 'ASC'), slugs.toReversed())
  await becomes(t, () => ordered('title', 'DESC'), slugs.toReversed())
  await becomes(t, () => ordered('dateCreated', 'ASC'), slugs)
  const both = { tags: ['even', 'odd'], orderBy: { field: 'dateCreated', dir: 'ASC' } } as const
  await becomes(t, () => codesOf({ ...both, tags: [...both.tags] }), slugs)
  await becomes(t, () => codesOf({ tags: ['listed', 'odd'], tagsMode: 'all' }), [
    'list-b',
    'list-a',
  ])
  await becomes(t, () => codesOf({ tags: ['listed'], excludeTags: ['even'] }), ['list-b', 'list-a'])
  await becomes(t, () => codesOf({ tags: ['listed'], endDate: '2020-01-01T00:00:00+00:00' }), [])
  t.is((await codesOf({ tags: ['listed'], startDate: '2020-01-01', domain: 'DEFAULT' })).length, 5)
  const elsewhere = await refusal(t, codesOf({ domain: 'other.example' }))
  t.like(elsewhere, { type: ErrorType.INVALID_ARGUMENT, invalidElements: ['domain'] })
})

test.serial('visits of all kinds are told, by page, and forgotten', async (t) => {
  const client = shlink()
  const url = 'https://example.com/visited'
  await client.createShortUrl({ longUrl: url, customSlug: 'seen', tags: ['visits'] })
  await client.createShortUrl({ longUrl: url, customSlug: 'few', tags: ['visits'], maxVisits: 9 })
  for (const code of ['seen', 'seen', 'few', 'not-there'])
    await visitAs(FIREFOX, `${program.url}/${code}`)
  await visitAs(BOT, `${program.url}/seen`)
  await until('all visits are counted', PATIENCE_MS, async () => {
    const { nonOrphanVisits, orphanVisits } = await client.getVisitsOverview()
    return nonOrphanVisits.total === 4 && orphanVisits.total === 1
  })
  t.deepEqual((await client.getVisitsOverview()).nonOrphanVisits, { total: 4, nonBots: 3, bots: 1 })
  // Nobody waits long for the visits of a link: it is shown without.
  await until('the visits of the link are shown', PATIENCE_MS, async () =>
    isDeepStrictEqual((await client.getShortUrl({ shortCode: 'seen' })).visitsSummary, {
      total: 3,
      nonBots: 2,
      bots: 1,
    }),
  )
  const order = { field: 'nonBotVisits', dir: 'DESC' }
  await becomes(t, () => codesOf({ tags: ['visits'], orderBy: order }), ['seen', 'few'])

  const all = await client.getShortUrlVisits({ shortCode: 'seen' })
  t.is(all.pagination.totalItems, 3)
  t.like(all.data[0], { potentialBot: true, visitedUrl: `${program.url}/seen` })
  t.like(all.data[2], {
    referer: 'https://news.example/a',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140',
    potentialBot: false,
    visitLocation: null,
  })
  const paged = [1, 2].map((page) =>
    client.getShortUrlVisits({ shortCode: 'seen' }, { page, itemsPerPage: 2 }),
  )
  const [one, two] = await Promise.all(paged)
  t.deepEqual([...one!.data, ...two!.data], all.data)
  t.like(two!.pagination, { currentPage: 2, pagesCount: 2, totalItems: 3 })
  const people = await client.getShortUrlVisits({ shortCode: 'seen' }, { excludeBots: true })
  t.is(people.data.length, 2)
  await becomes(t, () => codesOf({ tags: ['visits'] }), ['few', 'seen'])
  const before = await client.getTagVisits('visits', { endDate: '2020-01-01T00:00:00+00:00' })
  t.deepEqual(before.data, [])
  t.is((await client.getTagVisits('visits')).data.length, 4)
  t.is((await client.getNonOrphanVisits({ domain: 'DEFAULT' })).data.length, 4)
  t.is((await client.getDomainVisits(new URL(program.url).host)).data.length, 4)
  const [orphan] = (await client.getOrphanVisits()).data
  t.like(orphan, { type: 'invalid_short_url', visitedUrl: `${program.url}/not-there` })
  t.deepEqual((await client.getOrphanVisits({ type: 'base_url' })).data, [])
  const stats = (await client.tagsStats()).data.find(({ tag }) => tag === 'visits')
  t.deepEqual(stats as object, {
    tag: 'visits',
    shortUrlsCount: 2,
    visitsSummary: { total: 4, nonBots: 3, bots: 1 },
  })
  const { deletedVisits } = await client.deleteShortUrlVisits({ shortCode: 'seen' })
  // 0: it is logged, and not done yet.
  t.true([0, 3].includes(deletedVisits))
  const left = async () => (await client.getShortUrlVisits({ shortCode: 'seen' })).data
  await becomes(t, left, [])
  t.is((await refusal(t, client.getTagVisits('no-such'))).type, ErrorType.TAG_NOT_FOUND)
  t.is((await refusal(t, client.getDomainVisits('no.such'))).type, ErrorType.DOMAIN_NOT_FOUND)
  t.is((await refusal(t, client.deleteOrphanVisits())).status, 501)
})

test.serial('tags are renamed and taken away on all links that have them', async (t) => {
  const client = shlink()
  for (const customSlug of ['tag-one', 'tag-two']) {
    const tags = ['before', 'stays']
    await client.createShortUrl({ longUrl: 'https://example.com/tagged', customSlug, tags })
  }
  await becomes(t, () => codesOf({ tags: ['before'] }), ['tag-two', 'tag-one'])
  await client.editTag({ oldName: 'before', newName: 'after' })
  t.deepEqual((await client.getShortUrl({ shortCode: 'tag-two' })).tags, ['after', 'stays'])
  const conflict = await refusal(t, client.editTag({ oldName: 'after', newName: 'stays' }))
  t.like(conflict, { type: ErrorType.TAG_CONFLICT, status: 409 })
  const missing = await refusal(t, client.editTag({ oldName: 'before', newName: 'new' }))
  t.like(missing, { type: ErrorType.TAG_NOT_FOUND, status: 404 })
  await becomes(t, () => codesOf({ tags: ['after'] }), ['tag-two', 'tag-one'])
  await client.deleteTags(['after', 'no-such'])
  t.deepEqual((await client.getShortUrl({ shortCode: 'tag-one' })).tags, ['stays'])
  await becomes(t, () => codesOf({ tags: ['after'] }), [])
  const { data } = await client.listTags()
  t.true(data.includes('stays') && !data.includes('after'))
})

const condition = (type: string, matchValue: string) => ({ type, matchKey: null, matchValue })

test.serial('redirect rules are set, followed and shown again', async (t) => {
  const client = shlink()
  const link = { shortCode: 'ruled' }
  await client.createShortUrl({ longUrl: 'https://example.com/', customSlug: 'ruled' })
  const redirectRules = [
    { longUrl: 'https://example.com/app', conditions: [condition('device', 'android')] },
    { longUrl: 'https://example.com/app', conditions: [condition('device', 'ios')] },
    {
      longUrl: 'https://example.com/de',
      conditions: [condition('language', 'de'), condition('geolocation-country-code', 'AT')],
    },
  ]
  const set = await client.setShortUrlRedirectRules(link, { redirectRules })
  const told = redirectRules.map(({ longUrl, conditions }, index) => ({
    longUrl,
    conditions,
    priority: index + 1,
  }))
  t.deepEqual(set as object, { defaultLongUrl: 'https://example.com/', redirectRules: told })
  t.deepEqual(await client.getShortUrlRedirectRules(link), set)
  t.true((await client.getShortUrl(link)).hasRedirectRules)
  const android = { 'user-agent': 'Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile' }
  const sent = await fetch(`${program.url}/ruled`, { redirect: 'manual', headers: android })
  t.is(sent.headers.get('location'), 'https://example.com/app')
  const unknown = client.setShortUrlRedirectRules(link, {
    redirectRules: [
      {
        longUrl: 'https://example.com/',
        conditions: [{ type: 'query-param', matchKey: 'a', matchValue: 'b' }],
      },
    ],
  })
  const refused = await refusal(t, unknown)
  t.like(refused, { type: ErrorType.INVALID_ARGUMENT, invalidElements: ['redirectRules'] })
  t.regex(refused.detail, /"query-param"/)
  await client.setShortUrlRedirectRules(link, { redirectRules: [] })
  t.false((await client.getShortUrl(link)).hasRedirectRules)
})

test.serial('keys have the roles that they have everywhere', async (t) => {
  t.like(await refusal(t, shlink('wrong-key').listTags()), { type: ErrorType.INVALID_API_KEY })
  const missing = await refusal(t, shlink('').listTags())
  t.like(missing, { type: ErrorType.INVALID_AUTHORIZATION, status: 401 })
  const json = { name: 'a reader', role: 'read' }
  const made = await program.api('/api/keys', { method: 'POST', json })
  const reader = shlink(((await made.json()) as { key: string }).key)
  t.true(Array.isArray((await reader.listTags()).data))
  t.is((await refusal(t, reader.createShortUrl({ longUrl: 'https://example.com/' }))).status, 403)
  t.is((await refusal(t, reader.deleteShortUrl({ shortCode: 'seen' }))).status, 403)
})
