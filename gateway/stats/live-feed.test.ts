/** Whoever comes back where he was misses nothing and hears nothing twice, wherever he was cut off. */
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import * as fc from 'fast-check'
import { EMPTY_ADDRESS_BOOK } from '../../clicks/parse/address-book.ts'
import { ClickParser } from '../../clicks/parse/click-parser.ts'
import { sampleChange, sampleClick } from '../../clicks/testing/sample-batches.ts'
import type { Code } from '../../links/ids.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { FakeClickLog } from '../testing/fake-click-log.ts'
import { EventStream } from './event-stream.ts'
import { parseEventId } from './live-event.ts'
import { LiveFeed } from './live-feed.ts'

interface Step {
  /** Events of batches that are logged, each. */
  readonly batches: readonly { clicks: number; changes: number }[]
  /** Of what the client was sent, the share that reached it before it was cut off. */
  readonly share: number
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    batches: fc.array(fc.record({ clicks: fc.nat(4), changes: fc.nat(2) }), { maxLength: 4 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 8 },
)

/** What one client was sent, and the id by which it comes back. */
class Client {
  readonly out = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      this.#text += text
      done()
    },
  })
  #text = ''

  /** Blocks of the stream; a part of them, as if the rest had been lost on the way. */
  blocks(share: number): string[] {
    const blocks = this.#text.split('\n\n').slice(0, -1)
    return blocks.slice(0, Math.ceil(blocks.length * share))
  }
}

test('events come once, in order and without a gap, wherever the client was cut off', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (given, hasCompany) => {
      const log = new FakeClickLog()
      log.readMax = 2
      const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
      const clock = new ManualClock()
      const errors: unknown[] = []
      const onError = (error: unknown) => errors.push(error)
      const feed = new LiveFeed({ log, parser, work: freeWork(), clock, onError })
      // With company the feed goes on in between, and keeps what comes.
      const leave = hasCompany ? feed.join() : () => {}
      let logged = 0
      let after = '0'
      const heard: number[] = []
      for (const { batches, share } of [...given, { batches: [], share: 1 }]) {
        for (const { clicks, changes } of batches) {
          const next = () => `n${logged++}` as Code
          log.append({
            clicks: Array.from({ length: clicks }, () => sampleClick({ code: next() })),
            changes: Array.from({ length: changes }, () => sampleChange({ code: next() })),
          })
        }
        const client = new Client()
        const stopping = new AbortController()
        const filter = { bots: 'include' } as const
        const place = parseEventId(after)
        const end = feed.join()
        const options = { feed, clock, filter, after: place, stopping: stopping.signal }
        const running = new EventStream(client.out, options).run()
        for (let turn = 0; turn < 30; turn++) await setImmediate()
        const blocks = client.blocks(share)
        client.out.destroy()
        await running
        end()
        for (const block of blocks) {
          after = /^id: (.*)$/m.exec(block)?.[1] ?? after
          const code = /"code":"n(\d+)"/.exec(block)?.[1]
          if (code !== undefined) heard.push(Number(code))
          t.false(block.includes('event: gap'))
        }
      }
      leave()
      t.deepEqual(
        heard,
        Array.from({ length: logged }, (_, n) => n),
      )
      t.deepEqual(errors, [])
    }),
    { numRuns: 60 },
  )
})
