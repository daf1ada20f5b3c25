import test from 'ava'
import * as fc from 'fast-check'
import zlib from 'node:zlib'
import type { Code, EpochMs } from '../../links/ids.ts'
import { hasCode } from '../../links/errors.ts'
import { clickBatches, sampleBatch, sampleChange, sampleClick } from '../testing/sample-batches.ts'
import { decodeBatch, encodeBatch } from './batch-codec.ts'
import { BatchWriter } from './batch-writer.ts'
import {
  BATCH_ENTRIES_MAX,
  BODY_BYTES_MAX,
  CHECKSUM_AT,
  checksumOf,
  CODING,
  CODING_AT,
  LENGTH_AT,
} from './batch-layout.ts'

/** Damage with a right checksum, as only somebody who means it makes it. */
function signed(payload: Buffer): Buffer {
  if (payload.length > CODING_AT) payload.writeUInt32BE(checksumOf(payload), CHECKSUM_AT)
  return payload
}

/** Whether it decodes; anything but a batch or the one error throws. */
function decodes(payload: Buffer): boolean {
  try {
    decodeBatch(payload)
    return true
  } catch (error) {
    if (!hasCode(error, 'internal')) throw error
    return false
  }
}

test('any batch comes back as it was', (t) => {
  fc.assert(
    fc.property(clickBatches(), (batch) => {
      t.deepEqual(decodeBatch(encodeBatch(batch)), batch)
    }),
  )
})

test('a large batch comes back as it was', (t) => {
  const clicks = Array.from({ length: BATCH_ENTRIES_MAX }, (_, index) =>
    sampleClick({
      code: `c${index}` as Code,
      at: (1_700_000_000_000 - (index % 7) * 1_000) as EpochMs,
      headers: `User-Agent: ${index % 300}`,
    }),
  )
  const batch = sampleBatch(1, { clicks })
  t.deepEqual(decodeBatch(encodeBatch(batch)), batch)
})

test('damaged bytes are an error and never another batch', (t) => {
  fc.assert(
    fc.property(clickBatches(), fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, at, flip) => {
      const payload = encodeBatch(batch)
      const place = at % payload.length
      const cut = payload.subarray(0, place)
      t.false(decodes(cut))
      payload[place]! ^= flip
      t.false(decodes(payload))
    }),
  )
})

test('whatever bytes come with a right checksum, a batch or an error is made of them', (t) => {
  const body = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(clickBatches(), fc.nat(), body, fc.nat(1), (batch, at, bytes, coding) => {
      const payload = encodeBatch(batch)
      const place = CODING_AT + (at % (payload.length - CODING_AT))
      const spliced = Buffer.concat([payload.subarray(0, place), bytes])
      decodes(signed(spliced))
      const flipped = Buffer.from(payload)
      flipped[place] = bytes[0] ?? 0
      decodes(signed(flipped))
      const plain = Buffer.concat([payload.subarray(0, LENGTH_AT), Buffer.alloc(4), bytes])
      plain[CODING_AT] = coding
      plain.writeUInt32BE(bytes.length, LENGTH_AT)
      decodes(signed(plain))
    }),
    { numRuns: 500 },
  )
  t.pass()
})

test('a body that would swell is refused before it does', (t) => {
  const bomb = zlib.zstdCompressSync(Buffer.alloc(200 * 2 ** 20))
  for (const stated of [10, BODY_BYTES_MAX, BODY_BYTES_MAX + 1, 200 * 2 ** 20]) {
    const head = Buffer.from([1, 0, 0, 0, 0, CODING.zstd, 0, 0, 0, 0])
    head.writeUInt32BE(stated, LENGTH_AT)
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external
    t.false(decodes(signed(Buffer.concat([head, bomb]))))
    const after = process.memoryUsage().arrayBuffers + process.memoryUsage().external
    t.true(after - before < 20 * 2 ** 20)
  }
})

test('a deletion comes back as it was, damaged it is an error', (t) => {
  for (const kind of ['link', 'address'] as const) {
    const batch = sampleBatch(7, { clicks: [], deletion: { id: 'd-1', kind, value: '2001:db8::' } })
    const payload = encodeBatch(batch)
    t.deepEqual(decodeBatch(payload), batch)
    for (let place = 1; place < payload.length; place++) {
      t.false(decodes(payload.subarray(0, place)))
      const damaged = Buffer.from(payload)
      damaged[place]! ^= 1
      t.false(decodes(damaged))
    }
  }
})

test('a deletion of what cannot be named is refused', (t) => {
  for (const [id, value] of [
    ['d', ''],
    ['d'.repeat(65), 'abc'],
    ['d', 'a'.repeat(257)],
  ] as const) {
    const deletion = { id, kind: 'link', value } as const
    t.false(decodes(encodeBatch(sampleBatch(7, { clicks: [], deletion }))))
  }
})

test('a newer format is told as such', (t) => {
  const payload = encodeBatch(sampleBatch(0))
  payload[0] = 4
  t.throws(() => decodeBatch(payload), { message: /it has format 4, known are 1 to 3/ })
})

/** As it was written before there were rules. */
const WITHOUT_RULES =
  'AfhBXvEAAAAAqQFhAnIxAwMCB2FiYzEyMzQDeHl6ATVVc2VyLUFnZW50OiBNb3ppbGxhLzUuMApSZWZlcmVyOiBodHRwczovL2V4' +
  'YW1wbGUuY29tLwEDYT0xAq4ClAMCBMsAcQAAAAABAQEjRWeJq83vASNFZ4mrze8CgKCr/vliAAABAAEAAQABAAABAIDQlf+8MQdh' +
  'YmMxMjM0FGh0dHBzOi8vZXhhbXBsZS5jb20vAAA='

test('a batch of before there were rules is read, and one without any is written like it', (t) => {
  const other = { code: 'xyz' as Code, status: 404, query: 'a=1', address: '' }
  const clicks = [sampleClick(), sampleClick(other)]
  const batch = sampleBatch(3, { clicks, changes: [sampleChange()] })
  const old = Buffer.from(WITHOUT_RULES, 'base64')
  t.deepEqual(decodeBatch(old), batch)
  t.deepEqual(encodeBatch(batch), old)
})

test('a writer forgets the rules of one batch before the next', (t) => {
  const writer = new BatchWriter()
  const click = () => {
    const origin = writer.origin('', undefined, writer.headers(''))
    writer.click('abc' as Code, 1, 302, origin, '', '')
  }
  const rulesOf = () => {
    const payload = writer.finish({ node: 'a', run: 'r', number: 0, before: 0 })
    return decodeBatch(payload).clicks.map(({ rule }) => rule)
  }
  click()
  click()
  writer.rule(3)
  t.deepEqual(rulesOf(), [0, 3])
  click()
  writer.rule(1)
  click()
  t.deepEqual(rulesOf(), [1, 0])
  click()
  t.deepEqual(rulesOf(), [0])
})

test('clicks of 1,000 agents and 100,000 addresses take at most 64 bytes each', (t) => {
  const clicks = Array.from({ length: 1_000 }, (_, index) => visitOf(index))
  const bytes = encodeBatch(sampleBatch(1, { clicks })).length / clicks.length
  t.log(`${bytes.toFixed(1)} bytes a click`)
  t.true(bytes <= 64)
})

/** Scattered, and the same at each run. */
function mixed(index: number, salt: number): number {
  let hash = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

function visitOf(index: number) {
  const agent = mixed(index, 1) % 1_000
  const [a, b, c] = [mixed(index, 2) % 223, mixed(index, 3) % 256, mixed(index, 4) % 256]
  const hex = (salt: number) => mixed(index, salt).toString(16).padStart(8, '0')
  return sampleClick({
    code: mixed(mixed(index, 5) % 10_000, 6)
      .toString(36)
      .padStart(7, 'x') as Code,
    at: (1_700_000_000_000 + Math.floor(index / 10)) as EpochMs,
    address: `${a + 1}.${b}.${c}.0`,
    visitor: hex(7) + hex(8),
    headers:
      `User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ` +
      `Chrome/${80 + (agent % 60)}.0.${mixed(agent, 9) % 9_000}.${agent % 200} Safari/537.36\n` +
      `Referer: https://www.example${agent % 40}.com/\nAccept-Language: de-AT,de;q=0.9,en;q=0.8`,
  })
}
