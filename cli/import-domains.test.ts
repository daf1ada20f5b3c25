/** Where links of several domains go, and that those of two are never mixed unasked. */
import { Readable } from 'node:stream'
import test from 'ava'
import { ImportDomains, parseDomainRules } from './import-domains.ts'
import type { InputItem } from './link-input.ts'

const SERVER = { default: 'sho.rt', domains: ['go.example'] }

const itemOn = (domain: string): InputItem => ({
  line: 1,
  endByte: 1,
  content: { link: { url: 'https://example.com/', ...(domain === '' ? {} : { domain }) } },
  columnOf: () => undefined,
})

/** Where the links go; an error where one is refused. */
async function placed(
  sources: readonly string[],
  rules: readonly string[] = [],
  isRead = true,
  server: { default: string | null; domains: readonly string[] } = SERVER,
) {
  const domains = new ImportDomains(parseDomainRules(rules))
  const items = sources.map(itemOn)
  if (isRead) for (const item of items) domains.note(item)
  domains.settle(server)
  const targets: unknown[] = []
  for await (const { content } of domains.placed(Readable.from(items))) {
    targets.push('link' in content ? (content.link.domain ?? 'default') : content.failure.detail)
  }
  return { targets, notice: domains.notice }
}

test('a domain goes to the one of its name, in any spelling', async (t) => {
  const sources = ['', 'sho.rt', 'SHO.RT:443', 'Go.Example', 'https://go.example:8080/a']
  const expected = ['default', 'default', 'default', 'go.example', 'go.example']
  t.deepEqual(await placed(sources), { targets: expected, notice: undefined })
})

test('one that the server does not have is the default one, if no other is', async (t) => {
  const { targets, notice } = await placed(['old.example', 'go.example', 'old.example'])
  t.deepEqual(targets, ['default', 'go.example', 'default'])
  t.regex(notice!, /old\.example become links on the default domain/)
  const before = { default: null, domains: [] }
  t.deepEqual((await placed(['bit.ly'], [], true, before)).targets, ['default'])
})

test('links of two domains that would be mixed stop the import before it begins', async (t) => {
  const error = await t.throwsAsync(() => placed(['old.example', 'older.example', 'old.example']))
  t.regex(error.message, /old\.example \(2 links\)\n {2}older\.example \(1 links\)/)
  t.regex(error.message, /it has sho\.rt, go\.example/)
  for (const known of ['', 'sho.rt'])
    await t.throwsAsync(() => placed(['old.example', known]), {
      message: /old\.example \(1 links\)/,
    })
})

test('--domain says where each goes, and may send two to one', async (t) => {
  const rules = ['OLD.example:8080=default', 'older.example=go.example', 'sho.rt=go.example']
  const { targets } = await placed(['old.example', 'older.example', 'sho.rt', ''], rules)
  t.deepEqual(targets, ['default', 'go.example', 'go.example', 'default'])
  const twice = ['old.example=default', 'older.example=default']
  t.deepEqual((await placed(['old.example', 'older.example'], twice)).targets, [
    'default',
    'default',
  ])
  // A rule takes the default domain; what is left is no more alone.
  await t.throwsAsync(() => placed(['old.example', 'older.example'], ['old.example=default']), {
    message: /older\.example \(1 links\)/,
  })
})

test('a rule that cannot be meant is refused', async (t) => {
  for (const rule of ['old.example', '=default', 'a.example=', 'a=b=c', 'a.example=b c'])
    t.throws(() => parseDomainRules([rule]), { message: /--domain takes from=to/ }, rule)
  await t.throwsAsync(() => placed(['a.example'], ['a.example=no.example']), {
    message: /the server has no domain no\.example/,
  })
})

test('of standard input, which is not read before, the first domain is the default one', async (t) => {
  const sources = ['old.example', 'older.example', 'old.example', '', 'go.example']
  const { targets } = await placed(sources, [], false)
  t.is(targets[0], 'default')
  t.regex(String(targets[1]), /no domain older\.example/)
  t.is(targets[2], 'default')
  t.regex(String(targets[3]), /Links on old\.example are on the default domain/)
  t.is(targets[4], 'go.example')
  const { targets: others } = await placed(['', 'old.example'], [], false)
  t.is(others[0], 'default')
  t.regex(String(others[1]), /no domain old\.example/)
})

test('files of ours change by rules alone', async (t) => {
  const domains = new ImportDomains(parseDomainRules(['a.example=go.example', 'b.example=default']))
  const items = ['a.example', 'b.example', 'c.example', ''].map(itemOn)
  const targets: unknown[] = []
  for await (const { content } of domains.renamed(Readable.from(items)))
    targets.push('link' in content && content.link.domain)
  t.deepEqual(targets, ['go.example', undefined, 'c.example', undefined])
})
