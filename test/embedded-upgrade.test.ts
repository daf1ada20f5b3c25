/** A data directory that is used by the version that was released last, by today's, and by the older one again. */
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemLongWork } from '../links/long-work.ts'
import { linkVersion } from '../links/testing/sample-links.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { expectedOf, NEWER_LINKS, NEWER_SETTINGS, shownBy } from './older-program/newer-links.ts'
import { unpackOlderProgram } from './older-program/older-program.ts'
import { Program, temporaryDirectory } from './program.ts'

const PARTITIONS = 16
const ENV = { TINYGRID_PARTITIONS: String(PARTITIONS), TINYGRID_BASE_URL: 'https://sho.rt' }
const TODAY = { ...ENV, ...NEWER_SETTINGS }

/** A directory with what starts each version over it. */
function directoryOf(t: ExecutionContext) {
  const dataDir = temporaryDirectory(t)
  const main = unpackOlderProgram(t)
  const kept = async (starting: Promise<Program>) => {
    const program = await starting
    t.teardown(() => program.kill())
    return program
  }
  return {
    dataDir,
    startOlder: () => kept(Program.start({ dataDir, env: ENV, main })),
    startToday: () => kept(Program.start({ dataDir, env: TODAY })),
  }
}

async function hasLinks(
  t: ExecutionContext,
  program: Program,
  links: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [code, title] of Object.entries(links)) {
    const response = await program.api(`/api/links/${code}`)
    const body = (await response.json()) as Record<string, unknown>
    if (title === 'deleted') t.is(response.status, 410, code)
    else t.like(body, { url: `https://example.org/${code}`, title }, code)
    t.is((await program.visit(code)).status, title === 'deleted' ? 410 : 302, code)
  }
}

function change(program: Program, code: string, json: object): Promise<Response> {
  return program.api(`/api/links/${code}`, { method: 'PATCH', json })
}

test('links are there after the update, and after the way back with what was changed meanwhile', async (t) => {
  const { startOlder, startToday } = directoryOf(t)
  const make = async (program: Program, code: string) => {
    const link = { url: `https://example.org/${code}`, code, title: code, tags: ['ü'] }
    t.is((await program.create(link)).status, 201)
  }
  let program = await startOlder()
  for (const code of ['kept', 'changed', 'removed']) await make(program, code)
  await program.kill()
  program = await startToday()
  await hasLinks(t, program, { kept: 'kept', changed: 'changed', removed: 'removed' })
  await make(program, 'newer')
  await change(program, 'changed', { title: 'by today’s' })
  await program.api('/api/links/removed', { method: 'DELETE' })
  t.is(await program.stop(), 0, program.output)

  program = await startOlder()
  const links = { kept: 'kept', changed: 'by today’s', removed: 'deleted', newer: 'newer' }
  await hasLinks(t, program, links)
  await change(program, 'newer', { title: 'by the older one' })
  await program.kill()
  program = await startToday()
  await hasLinks(t, program, { ...links, newer: 'by the older one' })
})

test('the older program does not start over a log with a link that it does not know, and harms none', async (t) => {
  const { startOlder, startToday } = directoryOf(t)
  const link = NEWER_LINKS.at(-1)!
  let program = await startToday()
  t.is((await program.create({ ...link.fields, code: 'newer' })).status, 201)
  await program.kill()
  const message = new RegExp(`cannot be read: it has format ${link.format}, known is 1`)
  await t.throwsAsync(startOlder(), { message })
  program = await startToday()
  t.like(await shownBy(program, link, 'newer'), expectedOf(link))
})

test('of the store it answers nothing that it does not know, and gives no code of it again', async (t) => {
  const { dataDir, startOlder, startToday } = directoryOf(t)
  const fresh = await startOlder()
  await fresh.kill()
  const work = systemLongWork()
  const store = await LmdbLinkStore.open(path.join(dataDir, 'data', 'store'), {
    partitions: PARTITIONS,
    work,
  })
  const fields = { url: 'https://example.org/newer', redirectStatus: 307 } as const
  await store.write([linkVersion('newer', 1, fields)])
  await store.close()

  const older = await startOlder()
  t.is((await older.visit('newer')).status, 503)
  const other = { url: 'https://example.org/other', code: 'newer' }
  t.is((await older.create(other)).status, 503)
  t.is(await older.stop(), 0)
  const program = await startToday()
  t.like(await (await program.api('/api/links/newer')).json(), fields)
})
