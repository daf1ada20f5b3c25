/** Whether exports of other shorteners are recognised, and give the links that a person would read in them. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import test from 'ava'
import type { InputItem } from '../link-input.ts'
import { scratchFolder } from '../testing/command-process.ts'
import { readExport } from '../testing/foreign-export.ts'
import { foreignInputOf, readForeign } from './foreign-input.ts'

const shlinkUrl = (shortCode: string, more: object) => ({
  shortCode,
  shortUrl: `https://s.example/${shortCode}`,
  longUrl: `https://${shortCode}.example/?a=1`,
  dateCreated: '2024-05-01T10:00:00+02:00',
  visitsSummary: { total: 7, nonBots: 5, bots: 2 },
  tags: [] as string[],
  meta: { validSince: null, validUntil: null, maxVisits: null },
  domain: null,
  title: null,
  crawlable: false,
  forwardQuery: true,
  ...more,
})

test('Shlink: pages of its interface, one after another in one file', async (t) => {
  const meta = {
    validSince: '2024-06-01T00:00:00+00:00',
    validUntil: '2031-01-01T00:00:00+00:00',
    maxVisits: 50,
  }
  const pages = [
    [shlinkUrl('one', { tags: ['a', 'b|c'], title: 'The "one" ]}', meta })],
    [shlinkUrl('two', { forwardQuery: false })],
  ]
  const file = pages.map((data) =>
    JSON.stringify({ shortUrls: { data, pagination: { currentPage: 1 } } }, null, 1),
  )
  const { name, contents, items } = (await readExport(file.join('\n')))!
  t.is(name, 'shlink')
  t.deepEqual(contents, [
    {
      link: {
        url: 'https://one.example/?a=1',
        code: 'one',
        domain: 's.example',
        title: 'The "one" ]}',
        tags: ['a', 'b|c'],
        createdAt: '2024-05-01T08:00:00.000Z',
        validFrom: '2024-06-01T00:00:00.000Z',
        expiresAt: '2031-01-01T00:00:00.000Z',
        maxVisits: 50,
        visits: 7,
        forwardQuery: true,
      },
      leftOut: [],
    },
    {
      link: {
        url: 'https://two.example/?a=1',
        code: 'two',
        domain: 's.example',
        createdAt: '2024-05-01T08:00:00.000Z',
        forwardQuery: false,
      },
      leftOut: ['visits'],
    },
  ])
  t.is(items[0]!.line, 4)
  t.deepEqual(
    (await readExport(file.map((page) => page.replaceAll('\n', '')).join('')))!.contents,
    contents,
  )
})

test('Shlink: the CSV of its web client', async (t) => {
  const { name, contents } = (await readExport(
    'createdAt,domain,shortCode,shortUrl,longUrl,title,tags,visits\r\n' +
      '2024-05-01T10:00:00+02:00,s.example,one,https://s.example/one,https://one.example/,"A, b",x|y,3\r\n',
  ))!
  t.is(name, 'shlink')
  t.like(contents[0], {
    link: { url: 'https://one.example/', code: 'one', title: 'A, b', tags: ['x', 'y'] },
  })
})

test('YOURLS: a CSV file that has a keyword', async (t) => {
  const { name, contents } = (await readExport(
    'keyword;url;title;timestamp;ip;clicks\nozh;https://ozh.example/;Ozh;2023-02-03 04:05:06;::1;0\n',
  ))!
  t.is(name, 'yourls')
  t.deepEqual(contents[0], {
    link: {
      url: 'https://ozh.example/',
      code: 'ozh',
      title: 'Ozh',
      createdAt: '2023-02-03T04:05:06.000Z',
    },
    leftOut: [],
  })
})

const KUTT = {
  id: 'b0e0',
  address: 'docs',
  target: 'https://docs.example/',
  description: 'Docs',
  banned: false,
  password: false,
  expire_in: '2031-01-01T00:00:00.000Z',
  visit_count: 0,
  created_at: '2022-01-01T00:00:00.000Z',
  updated_at: '2022-01-02T00:00:00.000Z',
  link: 'https://k.example/docs',
}

test('Kutt: what its interface lists; what is banned stays shut, what asks for a password is refused', async (t) => {
  const data = [
    KUTT,
    { ...KUTT, address: 'bad', banned: true, updated_at: '2021-01-01T00:00:00.000Z' },
    { ...KUTT, address: 'secret', password: true },
  ]
  const { name, contents } = (await readExport(
    JSON.stringify({ total: 3, limit: 10, skip: 0, data }),
  ))!
  t.is(name, 'kutt')
  t.deepEqual(contents[0], {
    link: {
      url: 'https://docs.example/',
      code: 'docs',
      domain: 'k.example',
      title: 'Docs',
      createdAt: '2022-01-01T00:00:00.000Z',
      updatedAt: '2022-01-02T00:00:00.000Z',
      expiresAt: '2031-01-01T00:00:00.000Z',
    },
    leftOut: [],
  })
  t.like(contents[1], { link: { code: 'bad', state: 'deleted', updatedAt: undefined } })
  t.like(contents[2], { failure: { field: 'password' } })
})

test('Kutt: CSV', async (t) => {
  const { name, contents } = (await readExport(
    'address,target,description,visit_count,created_at\ndocs,https://docs.example/,,3,2022-01-01 00:00:00\n',
  ))!
  t.is(name, 'kutt')
  t.like(contents[0], { link: { code: 'docs', createdAt: '2022-01-01T00:00:00.000Z' } })
})

const ONE_LINK: readonly (readonly [name: string, csv: string, expected: object])[] = [
  [
    'dub',
    'Short link,Destination URL,Clicks,Created at,Title,Tags\n' +
      'https://d.example/spring,https://shop.example/,9,2024-03-01T00:00:00.000Z,Spring,"a, b"\n',
    { code: 'spring', domain: 'd.example', url: 'https://shop.example/', tags: ['a', 'b'] },
  ],
  [
    'bitly',
    'Created,Link,Custom Link,Destination URL,Title,Tags,Engagements\n' +
      '"Mar 1, 2024 10:00 UTC",bit.ly/3xYz,https://b.example/spring,https://shop.example/,,"a,b",5\n',
    { code: 'spring', domain: 'b.example', createdAt: '2024-03-01T10:00:00.000Z' },
  ],
  [
    'bitly',
    'link,long_url,title,created_at\nhttps://bit.ly/3xYz,https://shop.example/,S,2024-03-01T10:00:00+0000\n',
    { code: '3xYz', domain: 'bit.ly', title: 'S', createdAt: '2024-03-01T10:00:00.000Z' },
  ],
  [
    'rebrandly',
    'Title,Slashtag,Destination URL,Short URL,Created At,Clicks\n' +
      'S,spring,https://shop.example/,r.example/spring,2024-03-01T10:00:00.000Z,4\n',
    { code: 'spring', domain: 'r.example', url: 'https://shop.example/' },
  ],
  [
    'shortio',
    'originalURL,path,shortURL,title,tags,clicksLimit,clicks,createdAt\n' +
      'https://shop.example/,spring,https://s.example/spring,S,"[""a""]",20,4,2024-03-01T10:00:00.000Z\n',
    { code: 'spring', domain: 's.example', tags: ['a'], maxVisits: 20, visits: 4 },
  ],
  [
    'tinyurl',
    'tiny_url,alias,url,tags,created_at,expires_at,hits\n' +
      'https://tinyurl.com/spring,spring,https://shop.example/,a;b,2024-03-01,2031-01-01,4\n',
    {
      code: 'spring',
      domain: 'tinyurl.com',
      tags: ['a', 'b'],
      expiresAt: '2031-01-01T00:00:00.000Z',
    },
  ],
]

for (const [name, csv, expected] of ONE_LINK) {
  test(`${name}: ${csv.split('\n')[0]}`, async (t) => {
    const found = (await readExport(csv))!
    t.is(found.name, name)
    t.is(found.contents.length, 1)
    t.like(found.contents[0], { link: expected })
  })
}

test('Chhoto: its SQLite file, read only, new and old', async (t) => {
  const folder = await scratchFolder(t)
  const path = join(folder, 'urls.sqlite')
  const fill = (sql: string) => {
    rmSync(path, { force: true })
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }
  const all = async () => {
    const found = foreignInputOf('SQLite format 3\0...', undefined)!
    const items: InputItem[] = []
    for await (const item of readForeign(found, Readable.from([]), path)) items.push(item)
    return items.map(({ line, content }) => ({ line, content }))
  }
  fill(
    'CREATE TABLE urls (id INTEGER PRIMARY KEY, short_url TEXT, long_url TEXT, hits INTEGER, ' +
      'expiry_time INTEGER, notes TEXT);' +
      "INSERT INTO urls VALUES (1, 'a', 'https://a.example/', 0, 1924992000, 'A note')," +
      "(2, 'b', 'https://b.example/', 3, NULL, NULL)",
  )
  const timed = { url: 'https://a.example/', code: 'a', title: 'A note' }
  t.deepEqual(await all(), [
    {
      line: 1,
      content: { link: { ...timed, expiresAt: '2031-01-01T00:00:00.000Z' }, leftOut: [] },
    },
    {
      line: 2,
      content: { link: { url: 'https://b.example/', code: 'b' }, leftOut: ['visits'] },
    },
  ])
  fill(
    'CREATE TABLE urls (id INTEGER PRIMARY KEY, short_url TEXT, long_url TEXT, hits INTEGER);' +
      "INSERT INTO urls VALUES (1, 'a', 'https://a.example/', 0)",
  )
  t.is((await all()).length, 1)
  fill('CREATE TABLE other (id INTEGER)')
  await t.throwsAsync(all, { name: 'CommandError', message: /urls/ })
})

test('files of our own are not taken for those of others', (t) => {
  const ours = [
    'https://a.example/ code\n',
    'url,code,title,tags\nhttps://a.example/,a,,\n',
    'url,shortUrl,code,title,tags,createdAt,updatedAt,expiresAt,maxVisits,visits,isAlias,state\n',
    '{"url":"https://a.example/","code":"a","rules":[{"to":"https://b.example/","if":{}}]}\n',
    '',
  ]
  for (const text of ours) t.is(foreignInputOf(text, undefined), undefined, text)
  t.is(foreignInputOf('keyword,url\n', 'list'), undefined)
})

test('what has no address, no time that is one, or no code is told', async (t) => {
  const head = 'tiny_url,alias,url,created_at\n'
  const lines = [
    ',a,,2024-03-01',
    ',b,https://b.example/,yesterday',
    ',,https://c.example/,2024-03-01',
  ]
  const { contents } = (await readExport(head + lines.join('\n')))!
  t.like(contents[0], { failure: { code: 'missing_field', field: 'url' } })
  t.like(contents[1], { failure: { field: 'createdAt' } })
  t.deepEqual(contents[2], { link: { url: 'https://c.example/' }, leftOut: ['creation time'] })
})

test('a file that --from is wrong about is refused', async (t) => {
  await t.throwsAsync(() => readExport('colour,shape\nred,round\n', 'kutt'), {
    message: /no column target/,
  })
})
