/** Whether Kutt's databases give the links that its interface does, each on its domain. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import test from 'ava'
import type { InputItem } from '../link-input.ts'
import { scratchFolder } from '../testing/command-process.ts'
import { readExport } from '../testing/foreign-export.ts'
import { foreignInputOf, readForeign } from './foreign-input.ts'

const KUTT_DUMP = String.raw`--
-- PostgreSQL database dump
--
CREATE TABLE public.links (
    id integer NOT NULL
);
COPY public.domains (id, address, homepage) FROM stdin;
7	go.example	\N
\.

COPY public.links (id, address, description, banned, domain_id, password, expire_in, target, visit_count, uuid, created_at, updated_at) FROM stdin;
1	docs	Tab\tand\\ \nline	f	\N	\N	2031-01-01 00:00:00+00	https://docs.example/?a=1	0	u-1	2022-01-01 01:00:00.5+01	2022-01-02 00:00:00+00
2	docs	\N	t	7	\N	\N	https://other.example/	3	u-2	2022-01-01 00:00:00+00	2022-01-01 00:00:00+00
3	secret	\N	f	9	$2a$10$hash	\N	https://secret.example/	0	u-3	2022-01-01 00:00:00+00	2022-01-01 00:00:00+00
\.

COPY public.visits (id, links) FROM stdin;
1	1
\.
`

test('Kutt: a dump of PostgreSQL, with domains', async (t) => {
  const { name, contents, items } = (await readExport(KUTT_DUMP))!
  t.is(name, 'kutt')
  t.deepEqual(contents[0], {
    link: {
      url: 'https://docs.example/?a=1',
      code: 'docs',
      title: 'Tab and\\  line',
      createdAt: '2022-01-01T00:00:00.500Z',
      updatedAt: '2022-01-02T00:00:00.000Z',
      expiresAt: '2031-01-01T00:00:00.000Z',
    },
    leftOut: [],
  })
  t.like(contents[1], { link: { code: 'docs', domain: 'go.example', state: 'deleted' } })
  t.like(contents[2], { failure: { field: 'password' } })
  t.is(items.length, 3)
  t.is(items[0]!.line, 12)
  await t.throwsAsync(
    () => readExport(KUTT_DUMP.replaceAll('public.links', 'public.urls'), 'kutt'),
    {
      message: /no COPY of a table "links"/,
    },
  )
})

test('Kutt: its SQLite file, with domains', async (t) => {
  const path = join(await scratchFolder(t), 'kutt.sqlite')
  const database = new DatabaseSync(path)
  database.exec(
    'CREATE TABLE `domains` (`id` integer, `address` varchar(255));' +
      'CREATE TABLE `links` (`id` integer, `address` varchar(255), `banned` boolean, `domain_id` integer,' +
      '`password` varchar(255), `target` varchar(2097152), `created_at` datetime);' +
      "INSERT INTO domains VALUES (7, 'go.example');" +
      "INSERT INTO links VALUES (1, 'docs', 0, NULL, NULL, 'https://docs.example/', '2022-01-01 00:00:00')," +
      "(2, 'docs', 0, 7, NULL, 'https://other.example/', '2022-01-01 00:00:00')",
  )
  database.close()
  const found = foreignInputOf(readFileSync(path, 'latin1'), undefined)!
  t.is(found.product.name, 'kutt')
  const items: InputItem[] = []
  for await (const item of readForeign(found, Readable.from([]), path)) items.push(item)
  const createdAt = '2022-01-01T00:00:00.000Z'
  t.deepEqual(
    items.map(({ content }) => content),
    [
      { link: { url: 'https://docs.example/', code: 'docs', createdAt }, leftOut: [] },
      {
        link: { url: 'https://other.example/', code: 'docs', domain: 'go.example', createdAt },
        leftOut: [],
      },
    ],
  )
})
