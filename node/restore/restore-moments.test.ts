/** Of a backup that goes on any moment can be restored, and what was cut off behind it is not missed. */
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { AccessKey } from '../../cluster/keys/access-key.ts'
import type { Code, Epoch } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { readBackup } from '../../persistence/backup/backup-reader.ts'
import { encodeLogRecord } from '../../persistence/log/log-record.ts'
import { MemoryLog } from '../../persistence/log/memory-log.ts'
import { MemoryLinkStore } from '../../persistence/store/memory-link-store.ts'
import { startEmbedded } from '../../test/embedded-node.ts'
import { call } from '../../test/node.ts'
import { temporaryDirectory } from '../../test/program.ts'
import { beginBackup } from '../node-backup.ts'
import { DirectoryTarget } from './directory-target.ts'
import { checkBackup, writeBackup, type OpenBackup } from './restore-run.ts'

const ring = new Ring(16)
const BEGUN = Date.UTC(2030, 0, 1)
const MINUTE_MS = 60_000
const CODES = ['one', 'two', 'three']

/** Each minute a link is changed, and one is made. */
class World {
  readonly log = new MemoryLog()
  readonly store = new MemoryLinkStore(ring)
  readonly #until = new AbortController()
  readonly #pieces: Buffer[] = []
  hooks = 0
  #ms = BEGUN

  async write(code: string, url: string): Promise<void> {
    const partition = ring.partitionOf(code as Code)
    const last = await this.log.last(partition)
    const { record } = linkVersion(code, last + 1, { url })
    const batch = { kind: 'batch', epoch: 1 as Epoch, batchId: 'b', operations: [] } as const
    await this.log.append(partition, encodeLogRecord({ ...batch, records: [record] }), last)
  }

  /** Changes all links each minute, so that what they lead to says the minute. */
  async followed(minutes: number): Promise<Buffer> {
    await this.#change(0)
    const keys = { all: () => [] as AccessKey[] } as never
    const options = {
      keys,
      access: undefined,
      analytics: undefined,
      codeCase: 'sensitive',
    } as const
    const bytes = await beginBackup(
      {
        ...options,
        node: { ring, writeBehind: { hold: () => () => {} } as never, cluster: undefined },
        log: this.log,
        store: this.store,
        work: freeWork(),
        logStreams: 1,
        identity: 'abc',
        hooks: async () => new Map([['webhook.one', `${this.hooks}`]]),
        momentEveryMs: 1,
        now: () => this.#ms,
        onError: (_what, error) => {
          throw error
        },
      },
      this.#until.signal,
    )
    let minute = 0
    const passed = this.#kept(bytes)
    for await (const block of readBackup(passed)) {
      if (block.kind !== 'moment') continue
      // Some moments are told although nothing has changed.
      this.#ms = BEGUN + (minute + 0.5) * MINUTE_MS
      if (Date.parse(block.end.takenAt) < this.#ms) continue
      if (++minute === minutes) this.#until.abort()
      else await this.#change(minute)
    }
    return Buffer.concat(this.#pieces)
  }

  async #change(minute: number): Promise<void> {
    this.#ms = BEGUN + minute * MINUTE_MS
    this.hooks = minute
    for (const code of [...CODES, `made-${minute}`]) {
      await this.write(code, `https://example.org/${code}/${minute}`)
    }
  }

  async *#kept(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of bytes) {
      this.#pieces.push(piece)
      yield piece
    }
  }
}

const at = (minute: number) => new Date(BEGUN + minute * MINUTE_MS)

function openerOf(bytes: Buffer): OpenBackup {
  return async function* () {
    for (let from = 0; from < bytes.length; from += 1000) yield bytes.subarray(from, from + 1000)
  }
}

/** What visitors of the restored server get. */
async function restored(t: ExecutionContext, bytes: Buffer, to?: Date) {
  const open = openerOf(bytes)
  const backup = await checkBackup(open, to)
  const dataDir = path.join(temporaryDirectory(t), 'data')
  const options = { dataDir, backup, work: freeWork(), movesAside: false, now: () => new Date() }
  const target = await DirectoryTarget.open(options)
  try {
    await writeBackup(open, target, backup)
  } finally {
    await target.close()
  }
  const node = await startEmbedded(t, dataDir, undefined, { TINYGRID_PARTITIONS: '16' })
  const asked = [...CODES, 'made-0', 'made-1', 'made-2', 'made-3']
  const answers = asked.map(async (code) => (await call(node, `/${code}`)).headers.get('location'))
  const told = (await Promise.all(answers)).filter((url) => url !== null)
  await node.close()
  return told.map((url) => new URL(url).pathname)
}

const stateOf = (minute: number) => [
  ...CODES.map((code) => `/${code}/${minute}`),
  ...Array.from({ length: minute + 1 }, (_, made) => `/made-${made}/${made}`),
]

test('links are restored as they were at that time, or at the last moment', async (t) => {
  const bytes = await new World().followed(4)
  t.deepEqual(await restored(t, bytes), stateOf(3))
  t.deepEqual(await restored(t, bytes, at(1.75)), stateOf(1))
  t.deepEqual(await restored(t, bytes, at(2.9)), stateOf(2))
})

test('what is cut off or damaged behind a moment leaves those before it', async (t) => {
  const bytes = await new World().followed(3)
  const { moments } = await checkBackup(openerOf(bytes))
  t.truthy(moments)
  for (let length = bytes.length - 1; length > bytes.length / 2; length -= 40) {
    const { end } = await checkBackup(openerOf(bytes.subarray(0, length)), at(0.5))
    t.is(end.takenAt, at(0.5).toISOString())
  }
  const damaged = Buffer.from(bytes)
  damaged[bytes.length - 60]! ^= 1
  t.truthy((await checkBackup(openerOf(damaged))).moments)
  t.deepEqual(await restored(t, bytes.subarray(0, bytes.length - 40), at(1.75)), stateOf(1))
})

test('a time that is not reached is refused with those that are', async (t) => {
  const bytes = await new World().followed(3)
  const message = /reaches from 2030-01-01T00:00:00.000Z to 2030-01-01T00:02:.*, and no other time/
  for (const minute of [-1, 60]) {
    await t.throwsAsync(checkBackup(openerOf(bytes), at(minute)), { message })
  }
})
