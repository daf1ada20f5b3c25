/** `tinygrid stats` against the real program: what it asks, prints and refuses. */
import test from 'ava'
import { until } from '../test/deadline.ts'
import { API_KEY, Program, temporaryDirectory } from '../test/program.ts'
import { EXIT_CODES } from './command-error.ts'
import { startCommand } from './testing/command-process.ts'

const PATIENCE_MS = 60_000

test('clicks of all links and of one are counted, by day, by field, and only some of them', async (t) => {
  const server = await Program.start({
    dataDir: temporaryDirectory(t),
    env: { TINYGRID_ROLES: 'gateway,actors,analytics' },
  })
  t.teardown(() => server.kill())
  const run = (...args: readonly string[]) => {
    const env = { TINYGRID_URL: server.url, TINYGRID_API_KEY: API_KEY }
    return startCommand('tinygrid', ['stats', ...args], '', env).ended
  }
  for (const code of ['spring', 'autumn', 'spring']) {
    await server.create({ url: `https://example.org/${code}`, code })
    t.is((await server.visit(code)).status, 302)
  }
  await until('the clicks are counted', PATIENCE_MS, async () => {
    const answer = await server.api('/api/stats')
    const { totals } = (await answer.json()) as { totals?: { clicks: number } }
    return totals?.clicks === 3
  })

  const all = await run('--group-by', 'code', '--filter', 'code:spring,autumn')
  t.is(all.exitCode, EXIT_CODES.done, all.stderr)
  t.regex(all.stdout, /^from +\d{4}-.*\nto +\d{4}-.*\nclicks +3\n/)
  t.regex(all.stdout, /\nCODE +CLICKS .*\nspring +2 .*\nautumn +1 /)
  // What the limit leaves out has no group of its own.
  const few = await run('--group-by', 'code', '--limit', '1', '--json')
  const { groups } = JSON.parse(few.stdout) as { groups: { code: string; clicks: number }[] }
  t.is(groups[0]!.code, 'spring')
  t.false(groups.some(({ code }) => code === 'autumn'))

  const one = await run('spring', '--interval', 'day', '--timezone', 'UTC')
  t.regex(one.stdout, /\nclicks +2\n[^]*\nSTART +CLICKS .*\n[^]*\d{4}-\d\d-\d\d\S* +2 /)
  t.regex((await run('spring', '--filter', 'code:autumn')).stdout, /\nclicks +0\n/)
  t.regex((await run('--from', '2020-01-01', '--to', '2020-02-01')).stdout, /\nclicks +0\n/)

  const absent = await run('winter', '--json')
  t.is(absent.exitCode, EXIT_CODES.refused)
  t.is((JSON.parse(absent.stderr) as { code: string }).code, 'link_not_found')
  const misspelt = await run('--interval', 'blink')
  t.is(misspelt.exitCode, EXIT_CODES.refused)
  t.regex(misspelt.stderr, /interval/)

  t.regex((await run('--filter', 'domain:')).stdout, /\nclicks +3\n/)
  t.regex((await run('--filter', 'domain:go.example')).stdout, /\nclicks +0\n/)
  const elsewhere = await run('spring', '--domain', 'go.example')
  t.is(elsewhere.exitCode, EXIT_CODES.refused)
  t.regex(elsewhere.stderr, /default one/)
  const ofNone = await run('--domain', 'go.example')
  t.not(ofNone.exitCode, EXIT_CODES.done)
  t.regex(ofNone.stderr, /--filter domain:NAME/)
})
