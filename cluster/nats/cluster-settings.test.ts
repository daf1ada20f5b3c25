import test from 'ava'
import { checkSettings } from './cluster-settings.ts'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { StartError } from '../../links/errors.ts'

test('the first node says how many partitions there are, and others may only agree', async (t) => {
  const server = new MemoryKeyValueServer()
  await checkSettings(server.connect(), 256)
  t.is(server.get('settings')?.value, '{"format":1,"partitions":256}')
  await t.notThrowsAsync(checkSettings(server.connect(), 256))
  const error = await t.throwsAsync(checkSettings(server.connect(), 64), { instanceOf: StartError })
  t.is(
    error.message,
    'TINYGRID_PARTITIONS is 64, and the cluster was created with 256, which cannot change. ' +
      'Set TINYGRID_PARTITIONS=256.',
  )
})

test('of two first nodes that disagree one starts', async (t) => {
  const server = new MemoryKeyValueServer()
  const starts = [64, 256].map((partitions) => checkSettings(server.connect(), partitions))
  const outcomes = await Promise.allSettled(starts)
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('what a newer program stored is left alone', async (t) => {
  const server = new MemoryKeyValueServer()
  server.write('settings', '{"format":2,"partitions":256}')
  const error = await t.throwsAsync(checkSettings(server.connect(), 256), {
    instanceOf: StartError,
  })
  t.regex(error.message, /format 2, .* up to 1\./)
})

test('a value that is no settings stops the start', async (t) => {
  const server = new MemoryKeyValueServer()
  for (const value of ['', 'null', '[]', '{', '{}', '{"partitions":"256"}', '{"partitions":7}']) {
    server.write('settings', value)
    const start = checkSettings(server.connect(), 256)
    const error = await t.throwsAsync(start, { instanceOf: StartError }, value)
    t.regex(error.message, /^The cluster's key "settings" in NATS holds no settings: [^\n]*$/)
  }
})

test('a store that cannot be reached says so', async (t) => {
  const keyValue = new MemoryKeyValueServer().connect()
  keyValue.cut()
  await t.throwsAsync(checkSettings(keyValue, 256), { code: 'key_value_unavailable' })
})
