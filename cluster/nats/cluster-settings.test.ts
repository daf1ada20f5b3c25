import test from 'ava'
import { ClusterDataError, StartError, TinygridError } from '../../links/errors.ts'
import type { CodeCase } from '../../links/code-case.ts'
import type { KeyValue } from '../membership/key-value.ts'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { ClusterSettings } from './cluster-settings.ts'

function open(
  server: MemoryKeyValueServer,
  partitions: number,
  more: { logStream?: string; logStreams?: number; codeCase?: CodeCase } = {},
) {
  const { logStream, logStreams = 1, codeCase = 'sensitive' } = more
  const keyValue = server.connect()
  return ClusterSettings.open({ keyValue, partitions, logStreams, codeCase, logStream })
}

test('the first node says how many partitions there are, and others may only agree', async (t) => {
  const server = new MemoryKeyValueServer()
  const first = await open(server, 256)
  t.deepEqual(JSON.parse(server.get('settings')!.value!), {
    format: 1,
    partitions: 256,
    identity: first.identity,
    made: [],
  })
  t.is((await open(server, 256, { logStream: 'TINYGRID_LOG' })).identity, first.identity)
  const error = await t.throwsAsync(open(server, 64), { instanceOf: StartError })
  t.is(
    error.message,
    'TINYGRID_PARTITIONS is 64, and the cluster was created with 256, which cannot change. ' +
      'Set TINYGRID_PARTITIONS=256.',
  )
})

test('so it is with the streams of the log', async (t) => {
  const server = new MemoryKeyValueServer()
  const first = await open(server, 256, { logStreams: 4 })
  await first.noteMade('log')
  t.deepEqual(JSON.parse(server.get('settings')!.value!), {
    format: 2,
    partitions: 256,
    logStreams: 4,
    identity: first.identity,
    made: ['log'],
  })
  t.is((await open(server, 256, { logStreams: 4 })).identity, first.identity)
  const error = await t.throwsAsync(open(server, 256), { instanceOf: StartError })
  t.is(
    error.message,
    'TINYGRID_LOG_STREAMS is 1, and the cluster was created with 4, which cannot change. ' +
      'Set TINYGRID_LOG_STREAMS=4.',
  )
})

test('a cluster that was made before there could be several streams has one', async (t) => {
  const server = new MemoryKeyValueServer()
  server.write('settings', JSON.stringify(SOUND))
  await t.throwsAsync(open(server, 256, { logStreams: 2 }), {
    message: /Set TINYGRID_LOG_STREAMS=1\./,
  })
  const node = await open(server, 256)
  await node.noteMade('log')
  t.deepEqual(JSON.parse(server.get('settings')!.value!), { ...SOUND, made: ['log'] })
})

test('so it is with the case of codes, which matters in clusters of before', async (t) => {
  const server = new MemoryKeyValueServer()
  const first = await open(server, 256, { codeCase: 'insensitive' })
  await first.noteMade('log')
  t.like(JSON.parse(server.get('settings')!.value!), {
    format: 3,
    codeCase: 'insensitive',
    identity: first.identity,
    made: ['log'],
  })
  t.is((await open(server, 256, { codeCase: 'insensitive' })).identity, first.identity)
  await t.throwsAsync(open(server, 256), {
    message:
      'TINYGRID_CODE_CASE is sensitive, and the cluster was created with insensitive, which cannot ' +
      'change. Set TINYGRID_CODE_CASE=insensitive.',
  })
  server.write('settings', JSON.stringify(SOUND))
  await t.throwsAsync(open(server, 256, { codeCase: 'insensitive' }), {
    message: /Set TINYGRID_CODE_CASE=sensitive\./,
  })
})

test('of two first nodes that disagree one starts', async (t) => {
  const server = new MemoryKeyValueServer()
  const starts = [64, 256].map((partitions) => open(server, partitions))
  const outcomes = await Promise.allSettled(starts)
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('first nodes that start at once are of one cluster, and no two clusters are the same', async (t) => {
  const servers = [new MemoryKeyValueServer(), new MemoryKeyValueServer()]
  const identities = await Promise.all(
    servers.map(async (server) => {
      const nodes = await Promise.all([1, 2, 3, 4].map(() => open(server, 256)))
      return new Set(nodes.map(({ identity }) => identity))
    }),
  )
  t.deepEqual(
    identities.map(({ size }) => size),
    [1, 1],
  )
  t.not([...identities[0]!][0], [...identities[1]!][0])
})

test('a part that one node made, all know to be made, however they meet', async (t) => {
  const server = new MemoryKeyValueServer()
  const nodes = await Promise.all([1, 2, 3, 4].map(() => open(server, 256)))
  t.false(await nodes[0]!.wasMade('log'))
  await Promise.all(
    nodes.flatMap((node) => [node.noteMade('log'), node.noteMade('store'), node.noteMade('log')]),
  )
  t.deepEqual(JSON.parse(server.get('settings')!.value!).made, ['log', 'store'])
  const late = await open(server, 256)
  t.true(await late.wasMade('log'))
  t.true(await late.wasMade('store'))
})

test('what was made once is known without the bucket', async (t) => {
  const keyValue = new MemoryKeyValueServer().connect()
  const node = await ClusterSettings.open({
    keyValue,
    partitions: 256,
    logStreams: 1,
    logStream: undefined,
  })
  await node.noteMade('store')
  keyValue.cut()
  t.true(await node.wasMade('store'))
  await t.notThrowsAsync(node.noteMade('store'))
  await t.throwsAsync(node.wasMade('log'), { code: 'key_value_unavailable' })
})

test('a new bucket beside a log is refused, and left empty', async (t) => {
  const server = new MemoryKeyValueServer()
  const error = await t.throwsAsync(open(server, 256, { logStream: 'TINYGRID_LOG' }), {
    instanceOf: ClusterDataError,
  })
  t.regex(
    error.message,
    /^The cluster's bucket in NATS is new, and the stream TINYGRID_LOG is not: /,
  )
  t.is(server.get('settings'), undefined)
})

test('settings that are changed while a node runs are not its any more', async (t) => {
  const server = new MemoryKeyValueServer()
  const node = await open(server, 256)
  server.write('settings', undefined)
  await t.throwsAsync(node.wasMade('log'), { instanceOf: ClusterDataError })
  await open(server, 256)
  await t.throwsAsync(node.noteMade('log'), { instanceOf: ClusterDataError })
})

test('what a newer program stored is left alone', async (t) => {
  const server = new MemoryKeyValueServer()
  server.write('settings', '{"format":4,"partitions":256}')
  const error = await t.throwsAsync(open(server, 256), { instanceOf: StartError })
  t.regex(error.message, /format 4, .* up to 3\./)
})

const SOUND = { format: 1, partitions: 256, identity: 'abc', made: [] }
for (const text of [
  '{}',
  '',
  'null',
  'nonsense',
  '[1]',
  JSON.stringify({ ...SOUND, identity: 7 }),
  JSON.stringify({ ...SOUND, identity: '' }),
  JSON.stringify({ ...SOUND, partitions: '256' }),
  JSON.stringify({ ...SOUND, partitions: 7 }),
  JSON.stringify({ ...SOUND, made: ['cache'] }),
  JSON.stringify({ ...SOUND, logStreams: 3 }),
  JSON.stringify({ ...SOUND, logStreams: '4' }),
  'x'.repeat(100_000),
]) {
  test(`a value that is no settings stops the start in one line: ${text.slice(0, 80)}`, async (t) => {
    const server = new MemoryKeyValueServer()
    server.write('settings', text)
    const error = await t.throwsAsync(open(server, 256), { instanceOf: StartError })
    t.regex(error.message, /^The cluster's key "settings" in NATS holds no settings: [^\n]{1,300}$/)
  })
}

test('a store that cannot be reached says so', async (t) => {
  const keyValue = new MemoryKeyValueServer().connect()
  keyValue.cut()
  const opening = ClusterSettings.open({
    keyValue,
    partitions: 256,
    logStreams: 1,
    logStream: undefined,
  })
  await t.throwsAsync(opening, { code: 'key_value_unavailable' })
})

test('what another first node has written, and no majority has yet, is waited for', async (t) => {
  const server = new MemoryKeyValueServer()
  const first = await open(server, 256)
  const keyValue = server.connect()
  const unread = [1, 2, 3]
  const lagging = Object.create(keyValue, {
    get: { value: async (key: string) => (unread.shift() ? undefined : keyValue.get(key)) },
    create: { value: (key: string, value: string) => keyValue.create(key, value) },
  }) as KeyValue
  const options = { partitions: 256, logStreams: 1, logStream: undefined }
  const second = await ClusterSettings.open({ keyValue: lagging, ...options })
  t.is(second.identity, first.identity)
  t.deepEqual(unread, [])
})

test('a note waits for one that is in the way and not to be read yet', async (t) => {
  const server = new MemoryKeyValueServer()
  const keyValue = server.connect()
  const options = { partitions: 256, logStreams: 1, logStream: undefined }
  const node = await ClusterSettings.open({ keyValue: asWhileCopied(keyValue), ...options })
  await node.noteMade('log')
  t.deepEqual(JSON.parse(server.get('settings')!.value!).made, ['log'])
})

/** As three servers answer while a majority of them has not got the last write yet. */
function asWhileCopied(keyValue: KeyValue): KeyValue {
  let copiedAt: number | undefined
  return Object.assign(Object.create(keyValue) as KeyValue, {
    get: (key: string) => keyValue.get(key),
    create: (key: string, value: string) => keyValue.create(key, value),
    update: (key: string, value: string, expected: number) => {
      copiedAt ??= performance.now() + 200
      if (performance.now() >= copiedAt) return keyValue.update(key, value, expected)
      throw new TinygridError('key_value_conflict', { detail: 'wrong last sequence' })
    },
  })
}
