/** Whether every format gives the links that a person would read in it. */
import { Readable } from 'node:stream'
import test from 'ava'
import * as fc from 'fast-check'
import { CommandError } from './command-error.ts'
import type { CsvWishes } from './csv-reader.ts'
import { formatOfName, sniffFormat, type LinkFormat } from './link-format.ts'
import type { InputItem } from './link-input.ts'
import { readLinks } from './link-reader.ts'
import { LINE_BYTES_MAX } from './lines.ts'

async function read(
  format: LinkFormat,
  text: string,
  wishes: Partial<CsvWishes> = {},
  pieceLength = 7,
) {
  const items: InputItem[] = []
  const pieces = piecesOf(text, pieceLength)
  for await (const item of readLinks(format, pieces, { ignored: new Set(), ...wishes })) {
    items.push(item)
  }
  return { items, contents: items.map((item) => item.content) }
}

function piecesOf(text: string, length: number): AsyncIterable<string> {
  const count = Math.ceil(text.length / length)
  return Readable.from(
    Array.from({ length: count }, (_, i) => text.slice(i * length, (i + 1) * length)),
  )
}

/** What the items say is wrong, with its place. */
function faults(items: readonly InputItem[]) {
  return items.flatMap(({ line, content }) => {
    return 'failure' in content ? [[line, content.failure.column, content.failure.code]] : []
  })
}

test('text: a URL per line, with a code after white space if wanted', async (t) => {
  const text =
    'https://a.example/\r\n\n# a comment\n  https://b.example/ \t mine\nhttps://ü.example/'
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
  t.deepEqual([items[1]!.columnOf('url'), items[1]!.columnOf('code')], [3, 24])
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
    {},
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
  const { items, contents } = await read('csv', text, { ignored: new Set(['colour']) })
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
  t.deepEqual(
    items.map((item) => item.line),
    [2, 4, 6],
  )
  t.is(items[0]!.columnOf('url'), 2)
})

test('CSV: without a url column, or with quotes that never close, the import stops', async (t) => {
  await t.throwsAsync(read('csv', 'link,title\na,b\n'), {
    instanceOf: CommandError,
    message: /url/,
  })
  const open = `url\n"https://a.example/${'x'.repeat(LINE_BYTES_MAX)}\n`
  await t.throwsAsync(read('csv', open, {}, 4096), { instanceOf: CommandError })
})

test('CSV: a row with more cells than there are columns fails, and loses nothing', async (t) => {
  const text = 'url\nhttps://a.example/@48.1,11.5\nhttps://b.example/\nhttps://c.example/,\n'
  const { items } = await read('csv', text)
  t.deepEqual(faults(items), [
    [2, 2, 'invalid_field'],
    [4, 2, 'invalid_field'],
  ])
  t.deepEqual(items[1]!.content, { link: { url: 'https://b.example/' } })
})

test('CSV: a row with fewer cells is taken if it has its url', async (t) => {
  const { items, contents } = await read('csv', 'code,url,title\na,https://a.example/\nb\n')
  t.deepEqual(contents[0], { link: { code: 'a', url: 'https://a.example/' } })
  t.deepEqual(faults(items), [[3, 1, 'missing_field']])
})

test('CSV: a row of an export that was cut off is told by its state', async (t) => {
  const text =
    'url,code,visits,isAlias,state\nhttps://a.example/,a,3,true,deleted\nhttps://b.example/,'
  const { items, contents } = await read('csv', text)
  const link = { url: 'https://a.example/', code: 'a', visits: 3, isAlias: true, state: 'deleted' }
  t.deepEqual(contents[0], { link })
  t.deepEqual(faults(items), [[3, 2, 'missing_field']])
})

test('CSV: a cell in a column without a name fails, if there is anything in it', async (t) => {
  const { items } = await read('csv', 'url,\nhttps://a.example/,\nhttps://b.example/,x\n')
  t.deepEqual(faults(items), [[3, 2, 'invalid_field']])
})

test('CSV: every line end ends a record, and lines are counted as an editor does', async (t) => {
  const end = fc.constantFrom('\r\n', '\n', '\r')
  const title = fc.array(fc.oneof(end, fc.constantFrom('a', '"', ',')), { maxLength: 5 })
  const row = fc.record({ title, end, blanks: fc.array(end, { maxLength: 2 }) })
  const table = fc.tuple(end, fc.array(row, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }))
  await fc.assert(
    fc.asyncProperty(table, async ([firstEnd, rows, pieceLength]) => {
      let text = `url,title${firstEnd}`
      const wanted = rows.map(({ title: parts, end: rowEnd, blanks }, index) => {
        const written = parts.join('').replaceAll('"', '""')
        // A lone CR and an LF after it would be one line end.
        const before = blanks.join('').replaceAll(/\r\n|\r|\n/g, '\n')
        text += before
        const line = text.split(/\r\n|\r|\n/).length
        text += `https://a.example/${index},"x${written}"${rowEnd === '\r' ? '\r\n' : rowEnd}`
        const link = { url: `https://a.example/${index}`, title: `x${parts.join('')}` }
        return { line, content: { link } }
      })
      const { items } = await read('csv', text, {}, pieceLength)
      const seen = items.map(({ line, content }) => ({ line, content }))
      t.deepEqual(seen, wanted)
    }),
  )
})

test('CSV: a header that ends by CRLF does not join rows that end by LF or CR', async (t) => {
  const { items } = await read(
    'csv',
    'url\r\nhttps://a.example/\nhttps://b.example/\rhttps://c.example/',
  )
  t.deepEqual(
    items.map(({ line, content }) => [line, 'link' in content && content.link.url]),
    [
      [2, 'https://a.example/'],
      [3, 'https://b.example/'],
      [4, 'https://c.example/'],
    ],
  )
})

test('CSV: semicolons and tabs are seen in the header, or named by sep=', async (t) => {
  const wanted = { link: { url: 'https://a.example/1,2', code: 'a' } }
  const texts = [
    'code;url\na;https://a.example/1,2\n',
    'code\turl\na\thttps://a.example/1,2\n',
    'sep=|\r\ncode|url\r\na|https://a.example/1,2\r\n',
    '"sep=;"\ncode;url\na;https://a.example/1,2\n',
    '\n\ncode,url\na,"https://a.example/1,2"\n',
  ]
  for (const text of texts) t.deepEqual((await read('csv', text)).contents, [wanted], text)
  const named = await read('csv', 'code:url\na:"https://a.example/1,2"\n', { delimiter: ':' })
  t.deepEqual(named.contents, [wanted])
})

test('CSV: a file without a header is read by the names of its columns', async (t) => {
  const columns = ['url', 'code', 'title']
  const { items, contents } = await read('csv', 'https://a.example/;a;A\nhttps://b.example/;b\n', {
    columns,
  })
  t.deepEqual(contents, [
    { link: { url: 'https://a.example/', code: 'a', title: 'A' } },
    { link: { url: 'https://b.example/', code: 'b' } },
  ])
  t.is(items[0]!.line, 1)
  const unclear = 'https://a.example/1,2;code\n'
  await t.throwsAsync(read('csv', unclear, { columns: ['url', 'code'] }), {
    message: /--delimiter/,
  })
})

test('CSV: a column that is not known is asked about, and refused by its place without an answer', async (t) => {
  const text = 'url,colour\nhttps://a.example/,red\n'
  await t.throwsAsync(read('csv', text), {
    instanceOf: CommandError,
    message: /Line 1, column 2: .*"colour".*--ignore-columns/,
  })
  const asked: string[] = []
  const ask = (answer: boolean) => async (name: string) => {
    asked.push(name)
    return answer
  }
  await t.throwsAsync(read('csv', text, { ask: ask(false) }), { instanceOf: CommandError })
  const ignored = new Set<string>()
  const { contents } = await read('csv', text, { ask: ask(true), ignored })
  t.deepEqual(contents, [{ link: { url: 'https://a.example/' } }])
  await read('csv', text, { ask: ask(false), ignored })
  t.deepEqual(asked, ['colour', 'colour'], 'an answer holds for the second reading')
})

test('CSV: two columns of one name, and quotes that do not fit, stop the import by their place', async (t) => {
  await t.throwsAsync(read('csv', 'url,URL\na,b\n'), { message: /Line 1, column 2: .*second/ })
  const inner = 'url,title\r\nhttps://a.example/,"x\r\ny"\nhttps://b.example/,5" disk\n'
  await t.throwsAsync(read('csv', inner), {
    instanceOf: CommandError,
    message: /^Line 4, column 2/,
  })
  const after = 'url,title\nhttps://a.example/,"5" disk\n'
  await t.throwsAsync(read('csv', after), {
    instanceOf: CommandError,
    message: /^Line 2, column 2/,
  })
  await t.throwsAsync(read('csv', 'url\n"https://a.example/\n'), { message: /^Line 2/ })
})

test('NDJSON: the fields of a create request, whatever their types', async (t) => {
  const text = [
    '{"url":"https://a.example/","tags":["x"],"maxVisits":3,"title":null,"shortUrl":"http://s/1"}',
    '{"url":5}',
    '{"url":"x","colour":"red"}',
    '{"url":',
    '["https://a.example/"]',
    '{"taste":"sweet"}',
  ].join('\r')
  const { items, contents } = await read('ndjson', text, { ignored: new Set(['taste']) })
  t.deepEqual(contents[0], { link: { url: 'https://a.example/', tags: ['x'], maxVisits: 3 } })
  t.is(items[0]!.columnOf('maxVisits'), 42)
  t.deepEqual(contents[1], { link: { url: 5 } })
  t.deepEqual(faults(items), [
    [3, 12, 'unknown_field'],
    [4, 8, 'invalid_json'],
    [5, 1, 'invalid_json'],
  ])
  t.deepEqual(contents[5], { link: {} })
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
  t.is(sniffFormat('code;URL\rx;y'), 'csv')
  t.is(sniffFormat('sep=;\r\ncode;url'), 'csv')
  t.is(sniffFormat('https://a.example/?url=1,2\n'), 'text')
  t.is(sniffFormat(''), 'text')
})
