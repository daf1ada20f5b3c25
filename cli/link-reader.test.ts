/** Whether every format gives the links that a person would read in it. */
import test from 'ava'
import { CommandError } from './command-error.ts'
import { formatOfName, sniffFormat, type LinkFormat } from './link-format.ts'
import type { InputItem } from './link-input.ts'
import { readLinks } from './link-reader.ts'
import { LINE_BYTES_MAX } from './lines.ts'

async function read(format: LinkFormat, text: string, pieceBytes = 7) {
  const unknown: string[] = []
  const items: InputItem[] = []
  const chunks = piecesOf(Buffer.from(text), pieceBytes)
  for await (const item of readLinks(format, chunks, (name) => unknown.push(name))) items.push(item)
  return { items, unknown, contents: items.map((item) => item.content) }
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

test('text: a URL per line, with a code after white space if wanted', async (t) => {
  const text =
    '\uFEFFhttps://a.example/\r\n\n# a comment\n  https://b.example/ \t mine\nhttps://ü.example/'
  const { items, contents } = await read('text', text)
  t.deepEqual(contents, [
    { link: { url: 'https://a.example/' } },
    { link: { url: 'https://b.example/', code: 'mine' } },
    { link: { url: 'https://ü.example/' } },
  ])
  t.deepEqual(
    items.map((item) => item.line),
    [1, 4, 5],
  )
  t.is(items.at(-1)!.endByte, Buffer.byteLength(text))
})

test('text: more words than a URL and a code are a failure of that line alone', async (t) => {
  const { contents } = await read('text', 'https://a.example/ one two\nhttps://b.example/\n')
  t.like(contents[0], { failure: { code: 'invalid_field' } })
  t.deepEqual(contents[1], { link: { url: 'https://b.example/' } })
})

test('a line without end is passed over without being kept', async (t) => {
  const { items } = await read(
    'text',
    `${'x'.repeat(LINE_BYTES_MAX + 1)}\nhttps://b.example/\n`,
    4096,
  )
  t.like(items[0]!.content, { failure: { code: 'invalid_field' } })
  t.deepEqual(items[1]!.content, { link: { url: 'https://b.example/' } })
  t.is(items[1]!.line, 2)
})

test('CSV: columns in any order and case, quotes, empty cells, guarded cells', async (t) => {
  const text = [
    'Title,URL,code,Tags,expiresat,maxVisits,shortUrl,colour',
    '"A ""b"", c\nd",https://a.example/,,x; y,2030-01-01T00:00:00Z,12,http://s/1,red',
    '\'=1+1,https://b.example/,\'-ab,"[""a;b""]",,many,,',
    '',
    ',https://c.example/',
  ].join('\n')
  const { items, contents, unknown } = await read('csv', text)
  t.deepEqual(contents, [
    {
      link: {
        url: 'https://a.example/',
        title: 'A "b", c\nd',
        tags: ['x', 'y'],
        expiresAt: '2030-01-01T00:00:00Z',
        maxVisits: 12,
      },
    },
    {
      link: {
        url: 'https://b.example/',
        code: '-ab',
        title: '=1+1',
        tags: ['a;b'],
        maxVisits: 'many',
      },
    },
    { link: { url: 'https://c.example/' } },
  ])
  t.deepEqual(unknown, ['colour'])
  t.deepEqual(
    items.map((item) => item.line),
    [3, 4, 6],
  )
})

test('CSV: without a url column, or with quotes that never close, the import stops', async (t) => {
  await t.throwsAsync(read('csv', 'link,title\na,b\n'), {
    instanceOf: CommandError,
    message: /url/,
  })
  const open = `url\n"https://a.example/${'x'.repeat(LINE_BYTES_MAX)}\n`
  await t.throwsAsync(read('csv', open, 4096), { instanceOf: CommandError })
})

test('NDJSON: the fields of a create request, whatever their types', async (t) => {
  const text = [
    '{"url":"https://a.example/","tags":["x"],"maxVisits":3,"title":null,"visits":7}',
    '{"url":5,"colour":"red"}',
    '{"url":',
    '["https://a.example/"]',
    '{"colour":"blue"}',
  ].join('\n')
  const { contents, unknown } = await read('ndjson', text)
  t.deepEqual(contents[0], { link: { url: 'https://a.example/', tags: ['x'], maxVisits: 3 } })
  t.deepEqual(contents[1], { link: { url: 5 } })
  t.like(contents[2], { failure: { code: 'invalid_json' } })
  t.like(contents[3], { failure: { code: 'invalid_json' } })
  t.deepEqual(contents[4], { link: {} })
  t.deepEqual(unknown, ['colour'])
})

test('a format is told by the ending of the name', (t) => {
  t.is(formatOfName('a/b.CSV'), 'csv')
  t.is(formatOfName('b.jsonl'), 'ndjson')
  t.is(formatOfName('urls.txt'), 'text')
  t.is(formatOfName('urls'), undefined)
  t.is(formatOfName('-'), undefined)
})

test('a format is told by the first line', (t) => {
  t.is(sniffFormat('\n{"url":"https://a.example/"}\n'), 'ndjson')
  t.is(sniffFormat('\uFEFF"code","url"\r\nx,y'), 'csv')
  t.is(sniffFormat('https://a.example/?url=1,2\n'), 'text')
  t.is(sniffFormat(''), 'text')
})
