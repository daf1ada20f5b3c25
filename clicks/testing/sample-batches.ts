/**
 * Click batches for tests and the bench: any that there can be, and such as visitors make.
 */
import * as fc from 'fast-check'
import { TIME_MAX, type Code, type EpochMs } from '../../links/ids.ts'
import { RULE_MAX } from '../log/batch-layout.ts'
import {
  CHANGE_KINDS,
  type ClickBatch,
  type ClickRecord,
  type LinkChange,
} from '../log/click-batch.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 60 })
const time = fc.oneof(fc.nat(5_000), fc.integer({ min: 0, max: TIME_MAX })) as fc.Arbitrary<EpochMs>
const code = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/) as unknown as fc.Arbitrary<Code>
const hex = fc.stringMatching(/^[0-9a-f]{16}$/)
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(''), text)

function clickRecords(): fc.Arbitrary<ClickRecord> {
  return fc.record({
    code,
    at: time,
    status: fc.integer({ min: 100, max: 599 }),
    address,
    visitor: fc.oneof(hex, fc.constant('')),
    headers: text,
    query: text,
    targetQuery: text,
    rule: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: RULE_MAX })),
  })
}

function linkChanges(): fc.Arbitrary<LinkChange> {
  return fc.record({
    kind: fc.constantFrom(...CHANGE_KINDS),
    code,
    at: time,
    url: fc.webUrl(),
    title: fc.option(text),
    tags: fc.array(text, { maxLength: 4 }),
  })
}

export function clickBatches(): fc.Arbitrary<ClickBatch> {
  return fc.record({
    node: text,
    run: text,
    number: fc.maxSafeNat(),
    before: fc.maxSafeNat(),
    clicks: fc.array(fc.oneof(clickRecords(), fc.constant(CLICK)), { maxLength: 20 }),
    changes: fc.array(linkChanges(), { maxLength: 5 }),
  })
}

const CLICK: ClickRecord = {
  code: 'abc1234' as Code,
  at: 1_700_000_000_000 as EpochMs,
  status: 302,
  address: '203.0.113.0',
  visitor: '0123456789abcdef',
  headers: 'User-Agent: Mozilla/5.0\nReferer: https://example.com/',
  query: '',
  targetQuery: '',
  rule: 0,
}

export function sampleClick(change: Partial<ClickRecord> = {}): ClickRecord {
  return { ...CLICK, ...change }
}

/** A small one with a name of its own. */
export function sampleBatch(number: number, change: Partial<ClickBatch> = {}): ClickBatch {
  return { node: 'a', run: 'r1', number, before: number, clicks: [CLICK], changes: [], ...change }
}

export function sampleChange(change: Partial<LinkChange> = {}): LinkChange {
  const link = { code: CLICK.code, url: 'https://example.com/', title: null, tags: [] }
  return { kind: 'created', at: CLICK.at, ...link, ...change }
}
