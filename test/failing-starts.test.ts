/** Whatever a start fails of, it ends by itself, with one sentence: where, what, and what to do. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { constants } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { LogPosition, PartitionId } from '../links/ids.ts'
import { systemLongWork } from '../links/long-work.ts'
import { DataDirectory } from '../persistence/data-directory/data-directory.ts'
import { LmdbLog } from '../persistence/log/lmdb-log.ts'
import { LmdbEnvironment } from '../persistence/data-directory/lmdb-environment.ts'
import { encodeLogRecord } from '../persistence/log/log-record.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { flipByte } from '../persistence/testing/damage.ts'
import { Program, temporaryDirectory } from './program.ts'

const work = systemLongWork()
const PARTITIONS = 16
const ENV = { TINYGRID_PARTITIONS: String(PARTITIONS) }
const P = 3 as PartitionId

/** Ends with exit code 1 and one line, which says all. */
async function failsWith(
  t: ExecutionContext,
  dataDir: string,
  sentence: RegExp,
  env: Record<string, string> = {},
): Promise<void> {
  const program = Program.launch({ dataDir, env: { ...ENV, ...env } })
  t.is(await program.ended(), 1, program.output)
  t.regex(program.output, sentence)
  t.is(program.output.trim().split('\n').length, 1, program.output)
}

test.serial('a log whose pages are damaged', async (t) => {
  const { dataDir, root } = await madeDirectory(t)
  await flipByte(path.join(root, 'log', 'data.mdb'), 48)
  await failsWith(t, dataDir, /data directory .* is damaged: log\/data.mdb .*; restore/)
})

test.serial('a log with a damaged entry', async (t) => {
  const { dataDir, root } = await madeDirectory(t)
  await withLog(root, appendDamaged)
  await failsWith(
    t,
    dataDir,
    /data directory .* cannot be opened: .* checksum .*; restore .*--repair/,
  )
  t.deepEqual(await locksIn(root), [], 'it is unlocked')
})

test.serial('what a repair accepts to lose, the next start does without', async (t) => {
  const dataDir = temporaryDirectory(t)
  const first = await Program.start({ dataDir, env: ENV })
  const made = await first.api('/api/links', {
    method: 'POST',
    json: { url: 'https://example.org/', code: 'kept' },
  })
  t.is(made.status, 201)
  const refused = await runOn(dataDir, '--verify')
  t.is(refused.code, 1)
  t.regex(refused.output, /^The data directory .* is in use by another process; .*\n$/)
  await first.stop()
  const whole = await runOn(dataDir, '--verify', '--json')
  t.is(whole.code, 0)
  t.true((JSON.parse(whole.output) as { isWhole: boolean }).isWhole)
  await withLog(path.join(dataDir, 'data'), appendDamaged)
  const program = Program.launch({ dataDir, env: ENV })
  t.is(await program.ended(), 1, program.output)
  const told = await runOn(dataDir, '--repair')
  t.is(told.code, 1)
  t.regex(told.output, /log: entry \d+ of partition 3: .*checksum/)
  t.regex(told.output, /Nothing was changed/)
  const mended = await runOn(dataDir, '--repair', '--accept-loss')
  t.is(mended.code, 0, mended.output)
  const again = await Program.start({ dataDir, env: ENV })
  const answer = await fetch(`${again.url}/kept`, { redirect: 'manual' })
  t.is(answer.headers.get('location'), 'https://example.org/')
  await again.stop()
})

for (const options of [['--fix'], ['--accept-loss'], ['--verify', '--repair']]) {
  test.serial(`${options.join(' ')} is refused`, async (t) => {
    const { code, output } = await runOn(temporaryDirectory(t), ...options)
    t.is(code, 1)
    t.regex(output, /^--.*\n$/)
  })
}

test.serial('a log that ends before the checkpoint', async (t) => {
  const { dataDir, root } = await madeDirectory(t)
  const store = await LmdbLinkStore.open(path.join(root, 'store'), { partitions: PARTITIONS, work })
  await store.saveCheckpoints(new Map([[P, 9 as LogPosition]]))
  await store.close()
  const sentence = /in partition 3 the log ends with entry 0, .* up to entry 9; restore/
  await failsWith(t, dataDir, sentence)
  await failsWith(t, dataDir, sentence)
})

test.serial('a store older than the log', async (t) => {
  const { dataDir, root } = await madeDirectory(t)
  await withLog(root, async (log) => {
    let last = 0 as LogPosition
    while (last < 5) last = await log.append(P, Buffer.from('entry'), last)
    await log.trim(P, 3 as LogPosition)
    await log.append(P, Buffer.from('entry'), last)
  })
  await failsWith(t, dataDir, /the store ends with entry 0, the log begins behind entry 3; restore/)
})

test.serial('a store whose checkpoint is damaged', async (t) => {
  const { dataDir, root } = await madeDirectory(t)
  const environment = new LmdbEnvironment(path.join(root, 'store'))
  await environment.hold()
  const checkpoints = environment.keyspace('checkpoints')
  await environment.commit({ bytes: 0 }, () => {
    void checkpoints.put(Buffer.of(0, 3), Buffer.alloc(10, 1))
  })
  await environment.close()
  await failsWith(t, dataDir, /cannot be opened: A checkpoint in the store is damaged; restore/)
})

test.serial('a store that is cut short', async (t) => {
  const { dataDir, root } = await madeDirectory(t)
  await writeFile(path.join(root, 'store', 'data.mdb'), '')
  await failsWith(t, dataDir, /is damaged: store\/data.mdb is cut short; restore/)
})

test.serial('a directory that another process has', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await Program.start({ dataDir, env: ENV })
  await failsWith(t, dataDir, /is in use by another process; stop that one or set another/)
  await program.stop()
})

test.serial('a directory that cannot be made', async (t) => {
  const env = { TINYGRID_DATA_DIR: '/sys/kernel/tinygrid' }
  await failsWith(
    t,
    temporaryDirectory(t),
    /data directory \/sys\/kernel\/tinygrid cannot be used/,
    env,
  )
})

test.serial('a key file that holds no key', async (t) => {
  const dataDir = temporaryDirectory(t)
  await mkdir(path.join(dataDir, 'data'))
  await writeFile(path.join(dataDir, 'data', 'api-key'), 'x')
  const program = Program.launch({ dataDir, env: ENV, ownKey: true })
  t.is(await program.ended(), 1)
  t.regex(program.output, /^The API key in .*\/data\/api-key must be 16 to 256 .*\n$/)
  t.deepEqual(await locksIn(path.join(dataDir, 'data')), [])
})

test.serial('a port that is taken', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { dataDir, root } = await madeDirectory(t)
  await failsWith(t, dataDir, new RegExp(`PORT ${port} cannot be used`), { PORT: String(port) })
  t.deepEqual(await locksIn(root), [])
})

test.serial('the first process of a container, which is told to end while it starts', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('SKIPPED: a name space of processes needs root')
    t.pass()
    return
  }
  // Where a machine stands still meanwhile, the program may have given up before it is told.
  for (let attempt = 1; ; attempt++) {
    const { code, output } = await endedWhileStarting(t)
    if (code === 1 && attempt < 5) continue
    t.is(code, 128 + constants.signals.SIGTERM, output)
    return
  }
})

test.serial('a disk that is full', async (t) => {
  const disk = temporaryDirectory(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    t.log('SKIPPED: a full disk needs the right to mount a small file system')
    t.pass()
    return
  }
  t.teardown(() => void execFileSync('umount', ['--lazy', disk]))
  const env = { TINYGRID_DATA_DIR: path.join(disk, 'data') }
  await failsWith(t, temporaryDirectory(t), /data directory .* cannot be used: .*full/, env)
})

/** Is told to end while it waits for what a NATS server says first, which says nothing. */
async function endedWhileStarting(t: ExecutionContext) {
  const called = Promise.withResolvers<void>()
  const server = createServer(() => called.resolve())
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const env = { NATS_URL: `nats://127.0.0.1:${port}`, MONGO_URL: 'mongodb://127.0.0.1:1' }
  const program = Program.launch({ dataDir: temporaryDirectory(t), env, isFirst: true })
  const ended = program.ended()
  const isStarting = await Promise.race([called.promise.then(() => true), ended.then(() => false)])
  const first = isStarting ? program.firstPid() : undefined
  if (first !== undefined) process.kill(first, 'SIGTERM')
  const code = await ended
  server.close()
  return { code, output: program.output }
}

/** A data directory that was made and is closed. */
async function madeDirectory(t: ExecutionContext) {
  const dataDir = temporaryDirectory(t)
  const root = path.join(dataDir, 'data')
  await (await DataDirectory.open(root, { partitions: PARTITIONS })).close()
  return { dataDir, root }
}

async function withLog(root: string, change: (log: LmdbLog) => Promise<void>): Promise<void> {
  const log = await LmdbLog.open(path.join(root, 'log'), { logBytesMax: 1e9, work })
  await change(log)
  await log.close()
}

async function appendDamaged(log: LmdbLog): Promise<void> {
  const record = encodeLogRecord({ kind: 'epoch', epoch: 1 as never, nodeId: 'n' as never })
  record[record.length - 1]! ^= 1
  await log.append(P, record, await log.last(P))
}

/** Runs the program with options, to its end. */
async function runOn(dataDir: string, ...options: string[]) {
  const program = Program.launch({ dataDir, env: ENV, options })
  const code = await program.ended()
  return { code, output: program.output }
}

async function locksIn(root: string): Promise<string[]> {
  return (await readdir(root)).filter((name) => name.startsWith('lock-'))
}
