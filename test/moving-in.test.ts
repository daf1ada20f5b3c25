/**
 * Moving in as a person does it: the report, the import, and then the tools that were there before.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { startCommand } from '../cli/testing/command-process.ts'
import {
  kuttDump,
  OLD_DOMAIN,
  oldLinks,
  SECOND_DOMAIN,
  shlinkCsv,
  shlinkPages,
  yourlsDump,
  type OldLink,
} from './foreign-exports.ts'
import { visitAt } from './host-visit.ts'
import { API_KEY, Program, temporaryDirectory } from './program.ts'
import { becomes, shlinkClient } from './shlink-client.ts'

const COUNT = 100
const DEFAULT_DOMAIN = 'sho.rt'

let program: Program
let folder = ''
let cleanUp = () => {}

test.before(async () => {
  folder = temporaryDirectory({ teardown: (fn) => (cleanUp = fn) })
  program = await Program.start({
    dataDir: folder,
    env: {
      TINYGRID_ROLES: 'gateway,actors,analytics',
      TINYGRID_BASE_URL: `https://${DEFAULT_DOMAIN}`,
      TINYGRID_DOMAINS: SECOND_DOMAIN,
      TINYGRID_INTERFACES: 'shlink,yourls',
    },
  })
})

test.after.always(async () => {
  await program?.kill()
  cleanUp()
})

function run(name: string, content: string, ...args: string[]) {
  const file = path.join(folder, name)
  writeFileSync(file, content)
  const env = { TINYGRID_URL: program.url, TINYGRID_API_KEY: API_KEY }
  return startCommand('import', [file, ...args], '', env).ended
}

/** What each was there is here: on its domain, with its target and time. */
async function areHere(t: ExecutionContext, moved: readonly OldLink[], fraction = '.000Z') {
  const each = moved.map(async ({ code, url, domain, createdAt }) => {
    const host = domain ?? DEFAULT_DOMAIN
    const { location } = await visitAt(program, host, `/${code}`)
    t.is(location, new URL(url).href, `${host}/${code}`)
    const on = domain === null ? '' : `?domain=${domain}`
    const shown = (await (await program.api(`/api/links/${code}${on}`)).json()) as OldLink
    t.is(shown.createdAt, createdAt.replace('.000Z', fraction))
  })
  await Promise.all(each)
}

test.serial(
  'Shlink: all pages and the CSV are one instance, and its SDK finds it here',
  async (t) => {
    const links = oldLinks('s', COUNT)
    const report = await run('shlink.json', shlinkPages(links), '--dry-run')
    t.is(report.exitCode, 0, report.stdout + report.stderr)
    t.regex(report.stdout, /Domains \(2\)\n {2}old\.example: 90 links\n {2}go\.example: 10 links/)
    const moved = await run('shlink.json', shlinkPages(links))
    t.is(moved.exitCode, 0, moved.stderr)
    t.regex(moved.stderr, /Links on old\.example become links on the default domain/)
    t.regex(moved.stderr, /100 links made, 0 were there, 0 failed/)
    const again = await run('shlink.csv', shlinkCsv(links), '--domain', `${OLD_DOMAIN}=default`)
    t.regex(again.stderr, /0 links made, 100 were there, 0 failed/)
    await areHere(t, links)

    const client = shlinkClient(program.url, API_KEY)
    const listed = async (domain: string) => {
      const { pagination } = await client.listShortUrls({ domain, itemsPerPage: 7 })
      return pagination.totalItems
    }
    await becomes(t, () => listed('DEFAULT'), 90)
    await becomes(t, () => listed(SECOND_DOMAIN), 10)
    const { code, url, tags } = links[9]!
    const known = { shortCode: code, domain: SECOND_DOMAIN }
    t.like(await client.getShortUrl(known), { longUrl: new URL(url).href, tags: [...tags] })
    t.is((await client.updateShortUrl(known, { title: 'New' })).title, 'New')
    const next = await client.createShortUrl({ longUrl: 'https://example.com/next' })
    t.is((await visitAt(program, DEFAULT_DOMAIN, `/${next.shortCode}`)).status, 302)
  },
)

async function askYourls(fields: Record<string, string>): Promise<Record<string, unknown>> {
  const body = new URLSearchParams({ signature: API_KEY, format: 'json', ...fields })
  const reply = await fetch(`${program.url}/yourls-api.php`, { method: 'POST', body })
  return (await reply.json()) as Record<string, unknown>
}

test.serial('YOURLS: a whole dump, and its plugins find it here', async (t) => {
  const links = oldLinks('y', COUNT, null)
  const moved = await run('yourls.sql', yourlsDump(links))
  t.is(moved.exitCode, 0, moved.stderr)
  t.regex(moved.stderr, /100 links made, 0 were there, 0 failed/)
  await areHere(t, links)
  const { code, url, title } = links[1]!
  const longurl = new URL(url).href
  t.like(await askYourls({ action: 'expand', shorturl: code }), { longurl, statusCode: '200' })
  t.like(await askYourls({ action: 'expand', shorturl: `https://${DEFAULT_DOMAIN}/${code}` }), {
    keyword: code,
    title: title.replaceAll(/\s+/g, ' ').trim() || longurl,
  })
  const fresh = await askYourls({ action: 'shorturl', url: 'https://example.com/from-yourls' })
  t.like(fresh, { status: 'success', statusCode: '200' })
})

test.serial('Kutt: a dump of its database, with links of all users and domains', async (t) => {
  const links = oldLinks('k', COUNT)
  const moved = await run('kutt.sql', kuttDump(links))
  t.is(moved.exitCode, 0, moved.stderr)
  t.regex(moved.stderr, /100 links made, 0 were there, 0 failed/)
  await areHere(t, links, '.123Z')
})

test.serial('links on domains that nobody has named are not mixed', async (t) => {
  const links = oldLinks('m', COUNT)
  const elsewhere = oldLinks('m', COUNT, 'third.example')
  const refused = await run('shlink.json', shlinkPages(elsewhere))
  t.is(refused.exitCode, 2)
  const said = /third\.example \(10 links\)[^]*--domain old\.example=default[^]*Nothing was sent/
  t.regex(refused.stderr, said)
  t.is((await program.api(`/api/links/${links[0]!.code}`)).status, 404)
  const rules = [`${OLD_DOMAIN}=default`, `third.example=${SECOND_DOMAIN}`]
  const wishes = rules.flatMap((rule) => ['--domain', rule])
  const moved = await run('shlink.json', shlinkPages(elsewhere), ...wishes)
  t.is(moved.exitCode, 0, moved.stderr)
  await areHere(t, links)
})
