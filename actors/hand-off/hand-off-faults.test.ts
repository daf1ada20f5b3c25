/** Whatever happens to the messages of a move, one node has the partition, with all its links. */
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import type { Code } from '../../links/ids.ts'
import { HandOffWorld } from '../testing/hand-off-world.ts'
import { codesOf, P } from '../testing/host-world.ts'

const CODES = codesOf(P, 60)
const CALL_TIMEOUT_MS = 1_000
const FATES_MAX = 25
/** Each attempt that fails has met with a fate of its own. */
const ATTEMPTS_MAX = FATES_MAX + 1

/** What may become of a message: its delays. */
const FATES = {
  lost: [],
  doubled: [1, 2],
  late: [300],
  'too late': [CALL_TIMEOUT_MS + 200],
  'doubled, once much too late': [1, 4_000],
} as const

/** A message takes about eight of these. */
const PIECE_BYTES = 3_000
const urlOf = (code: Code, text: string) => `https://example.org/${code}/${text.repeat(350)}`

/**
 * A move during which links change: one each ten milliseconds. Moves again until it has succeeded,
 * as ownership does.
 */
class Run {
  readonly world: HandOffWorld
  readonly #given = new Map<Code, string>()
  #writes: Promise<void>[] = []

  static async start(): Promise<Run> {
    const run = new Run(await HandOffWorld.start(PIECE_BYTES))
    for (const code of CODES.slice(0, 40)) run.#create(code)
    await Promise.all(run.#writes)
    await run.world.a.flush(CODES.slice(0, 20))
    return run
  }

  private constructor(world: HandOffWorld) {
    this.world = world
  }

  async move(): Promise<void> {
    const { world } = this
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const move = world.begin()
      for (let ms = 0; ms < 30_000 && move.outcome === undefined; ms += 10) {
        this.#change(attempt * 20 + ms / 10)
        await world.pass(10)
      }
      if (move.outcome?.kind !== 'kept') {
        world.handOver(move.outcome)
        return
      }
    }
    assert.fail('the partition cannot be moved')
  }

  /** After what is late has come: `b` alone writes, and has what was answered. */
  async check(): Promise<void> {
    const { world } = this
    await Promise.all(this.#writes)
    await world.pass(10_000)
    const truth = await world.disk.truth()
    assert.deepEqual([...truth.keys()].sort(), [...this.#given.keys()].sort())
    for (const [code, { position }] of truth) {
      assert.equal(world.b.host.versionOf(P, code)?.position, position, `${code} at its new owner`)
    }
    assert.equal(world.actorOfB.memory.size, truth.size)
    assert(world.actorOfB.memory.isComplete)
    assert(!world.a.host.actors.has(P))
    for (const [code, { position }] of truth) {
      const stored = await world.disk.store.get(code)
      const isDirty = world.b.dirty.get(P)?.has(code) === true
      assert(isDirty || stored?.position === position, `${code} would never be flushed`)
    }
    await world.b.host.write({ kind: 'delete', code: CODES[0]! })
  }

  #change(number: number): void {
    const code = CODES[number % CODES.length]!
    if (this.#given.has(code)) this.#update(code, number)
    else this.#create(code)
  }

  #create(code: Code): void {
    this.#note(this.world.a.create(code, { url: urlOf(code, 'x') }), code)
  }

  #update(code: Code, number: number): void {
    const changes = { title: `change ${number}` }
    this.#note(this.world.a.host.write({ kind: 'update', code, changes }), code)
  }

  /** A write that waits until the partition is released is told who the new owner is. */
  #note(write: Promise<unknown>, code: Code): void {
    const { world } = this
    const noted = write.then(
      () => void this.#given.set(code, code),
      (error: unknown) => {
        assert.deepEqual((error as { owner?: unknown }).owner, {
          owner: 'b',
          epoch: world.actorOfB.epoch,
        })
      },
    )
    this.#writes.push(noted)
  }
}

for (const [name, delays] of Object.entries(FATES)) {
  test(`one message of a move is ${name}, whichever it is`, async (t) => {
    let messages = Infinity
    for (let bad = 0; bad < messages; bad++) {
      const run = await Run.start()
      run.world.delaysOf = (_, index) => (index === bad ? delays : [1])
      await run.move()
      await run.check()
      messages = Math.min(messages, run.world.messages.length)
    }
    t.true(messages > 8)
  })
}

test('any number of messages is lost, doubled and late', async (t) => {
  const fate = fc.oneof(
    { weight: 6, arbitrary: fc.constant([1]) },
    { weight: 4, arbitrary: fc.constantFrom<readonly number[]>(...Object.values(FATES)) },
  )
  const property = fc.asyncProperty(fc.array(fate, { maxLength: FATES_MAX }), async (fates) => {
    const run = await Run.start()
    run.world.delaysOf = (_, index) => fates[index] ?? [1]
    await run.move()
    await run.check()
  })
  await fc.assert(property, { numRuns: 100 })
  t.pass()
})
