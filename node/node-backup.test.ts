/** What a backup says of clicks that are to be had, are not, or end on their way. */
import test from 'ava'
import { TinygridError } from '../links/errors.ts'
import { Ring } from '../links/ring.ts'
import { freeWork } from '../links/testing/free-work.ts'
import { readBackup, type BackupBlock } from '../persistence/backup/backup-reader.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { beginBackup, type NodeBackupOptions } from './node-backup.ts'

const ring = new Ring(16)
const NOW = Date.UTC(2030, 0, 1)

async function backUp(analytics: NodeBackupOptions['analytics'], told: string[] = []) {
  const writeBehind = { hold: () => () => {} } as never
  const blocks: BackupBlock[] = []
  const bytes = await beginBackup({
    node: { ring, writeBehind, cluster: undefined },
    log: new MemoryLog(),
    store: new MemoryLinkStore(ring),
    work: freeWork(),
    keys: undefined,
    access: undefined,
    analytics,
    codeCase: 'sensitive',
    logStreams: 1,
    identity: 'abc',
    hooks: async () => new Map(),
    now: () => NOW,
    onError: (what) => told.push(what),
  })
  for await (const block of readBackup(bytes)) blocks.push(block)
  return blocks
}

function endOf(blocks: readonly BackupBlock[]) {
  const last = blocks.at(-1)
  return last?.kind === 'end' ? last.end : undefined
}

function analyticsOf(visits: () => AsyncIterable<Uint8Array>, lags: readonly number[]) {
  const asked = [...lags]
  const status = async () => ({ position: 5, lag: asked.shift() ?? 0 }) as never
  return { visits, status }
}

function noFile(): AsyncIterable<Uint8Array> {
  throw new TinygridError('click_store_unavailable', { detail: 'It is no file' })
}

async function* halfAFile(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  throw new TinygridError('click_store_unavailable', { detail: 'It went away' })
}

test('the file of the click store is in it, once the store has what was clicked', async (t) => {
  const pieces = [Buffer.alloc(0), Buffer.from('one'), Buffer.from('two')]
  const visits = async function* () {
    yield* pieces
  }
  const blocks = await backUp(analyticsOf(visits, [2, 1]))
  const clicks = blocks.flatMap((block) => (block.kind === 'clicks' ? [String(block.content)] : []))
  t.deepEqual(clicks, ['one', 'two'])
  t.like(endOf(blocks), { clicksBytes: 6, clicksLeftOut: null, versions: 0, keys: 0 })
})

test('where clicks are not to be had, links are backed up, and it is told', async (t) => {
  const none = endOf(await backUp(analyticsOf(noFile, [])))
  t.like(none, { clicksBytes: 0, clicksLeftOut: 'It is no file' })
  t.like(endOf(await backUp(undefined)), { clicksBytes: 0, clicksLeftOut: null })
})

test('clicks that end on their way leave no end, and why', async (t) => {
  const told: string[] = []
  const backup = backUp(analyticsOf(halfAFile, []), told)
  await t.throwsAsync(backup, { message: /is not whole: .*It went away/ })
  t.deepEqual(told, ['a backup could not be made'])
})
