import assert from 'node:assert/strict'
import test from 'ava'
import fc from 'fast-check'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { lookupOf } from '../../links/link.ts'
import type { WriteRequest } from '../../links/link-owner.ts'
import { ActorWorld, NOW, type Ticket } from '../testing/actor-world.ts'
import { createRequest } from '../testing/test-requests.ts'

/*
 * Random schedules: requests, acknowledgements, lost acknowledgements, failures, flushes, evictions,
 * background loads, hand-offs that come to nothing and take-overs in any order; requests are asked
 * again at any time. After each step memory is held against the log, and at the end every caller was
 * answered once, nothing was carried out twice, and memory and store agree with the log.
 */

const CODES = ['a', 'b', 'c'] as Code[]
const anyCode = fc.constantFrom(...CODES)
const anyIndex = fc.nat(5)

type Step = { do: string; code: Code; index: number }
const STEPS: Record<string, number> = {
  create: 4,
  expiring: 1,
  metered: 1,
  visit: 2,
  update: 2,
  delete: 1,
  restore: 1,
  purge: 1,
  read: 2,
  begin: 6,
  succeed: 8,
  unavailable: 1,
  lost: 1,
  lostButAppended: 1,
  flush: 2,
  evict: 2,
  prepareEviction: 1,
  startLoad: 1,
  startLoadOfCodes: 1,
  narrowLoad: 1,
  abandonLoad: 1,
  loadOne: 2,
  endLoad: 1,
  repeat: 3,
  seal: 1,
  unseal: 2,
  takeOver: 2,
  recall: 1,
}
const anyStep: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    ...Object.entries(STEPS).map(([step, weight]) => ({ weight, arbitrary: fc.constant(step) })),
  ),
  code: anyCode,
  index: anyIndex,
})

class Schedule {
  readonly world = new ActorWorld()
  readonly tickets: Ticket[] = []
  /** Asked so far; each may be asked again. */
  readonly #requests: WriteRequest[] = []
  /** What the load has still to bring, as the store was when it began. */
  #load: Iterator<[Code, Parameters<ActorWorld['memory']['load']>[0]]> | undefined
  #urls = 0
  #isSealed = false

  play({ do: step, code, index }: Step): void {
    const { world } = this
    const waiting = index % Math.max(1, world.waiting.length)
    const kind = world.waiting[waiting]?.effect.kind
    const request = this.#requestOf(step, code)
    if (request !== undefined) this.#submit(request)
    else if (step === 'repeat') this.#repeat(index)
    else if (step === 'read') this.tickets.push(world.read(code))
    else if (step === 'begin') world.begin()
    else if (step === 'recall') this.#recall()
    else if (step === 'flush') world.flush()
    else if (step === 'evict') world.memory.evict(1 + index * 100)
    else if (step === 'prepareEviction') world.memory.prepareEviction()
    else if (step === 'narrowLoad') world.memory.narrowLoad()
    else if (/load/i.test(step)) this.#playLoad(step)
    else if (step.endsWith('seal') || step === 'takeOver') this.#playOwner(step, index)
    else if (kind !== undefined) this.#end(step, waiting, kind)
  }

  #repeat(index: number): void {
    const request = this.#requests.at(-1 - index)
    if (request !== undefined) this.#submit(request)
  }

  #playOwner(step: string, index: number): void {
    const { world } = this
    if (step === 'seal') {
      world.actor.seal()
      this.#isSealed = true
    } else if (step === 'takeOver') {
      if (index < 3) world.flush()
      world.takeOver(index % 2 === 0, index < 4)
      this.#isSealed = false
      this.#load = undefined
    } else this.unseal()
  }

  /** The partition is taken back, unless what was under way has not ended. */
  unseal(): void {
    const { world } = this
    if (!this.#isSealed || !world.actor.isQuiet) return
    world.unseal()
    this.#isSealed = false
  }

  #submit(request: WriteRequest): void {
    this.#requests.push(request)
    this.tickets.push(this.world.submit(request))
  }

  #end(step: string, waiting: number, kind: string): void {
    const { world } = this
    // They take their time.
    if (kind === 'read_operations') return
    if (step === 'succeed' || kind === 'read_tail') return world.succeed(waiting)
    if (kind === 'read_store') return world.fail('store_unavailable', waiting)
    if (step === 'unavailable') return world.fail('log_unavailable', waiting)
    world.fail('log_uncertain', waiting, step === 'lostButAppended')
  }

  #recall(): void {
    const { world } = this
    const waiting = world.waiting.findIndex(({ effect }) => effect.kind === 'read_operations')
    if (waiting >= 0) world.succeed(waiting)
  }

  #playLoad(step: string): void {
    const { memory, store } = this.world
    const begins = step.startsWith('start')
    if (begins && this.#load === undefined && !memory.isComplete) {
      memory.startLoad({ of: step === 'startLoad' ? 'links' : 'codes' })
      this.#load = new Map(store).entries()
    }
    if (step === 'abandonLoad') {
      memory.abandonLoad()
      this.#load = undefined
    }
    const next = begins ? undefined : this.#load?.next()
    if (next?.done === false) memory.load(next.value[1])
    if (next?.done !== true || !memory.stepLoad()) return
    memory.endLoad()
    this.#load = undefined
  }

  #requestOf(step: string, code: Code): WriteRequest | undefined {
    const request = this.#plainRequestOf(step, code)
    return request && { ...request, operationId: `operation-${this.#requests.length}` }
  }

  #plainRequestOf(step: string, code: Code): WriteRequest | undefined {
    // Every create has a URL of its own: a code whose URL changed was given twice.
    const url = `https://example.org/${++this.#urls}`
    const free = createRequest(code, { url })
    switch (step) {
      case 'create':
        return free
      case 'expiring':
        return { ...free, expiresAt: NOW, reuse: false }
      case 'metered':
        return { ...free, maxVisits: 2, reuse: false }
      case 'update':
        return { kind: 'update', code, changes: { title: url } }
      case 'visit':
      case 'delete':
      case 'restore':
      case 'purge':
        return { kind: step, code }
      default:
        return undefined
    }
  }

  /** A code goes to another URL only through a purge, which may share a batch with the create. */
  assertCodesKeepTheirUrl(): void {
    for (const code of CODES) {
      const urls = new Set(this.world.history(code).map(({ url }) => url))
      urls.delete('')
      const purges = this.#requests.filter(({ kind, code: purged, operationId }) => {
        return kind === 'purge' && purged === code && this.world.timesLogged(operationId!) > 0
      })
      const times = new Set(purges.map(({ operationId }) => operationId)).size
      assert(urls.size <= times + 1, `${code} was given to ${[...urls].join(', ')}`)
    }
  }

  assertNothingWasDoneTwice(): void {
    const ids = new Set(this.#requests.map(({ operationId }) => operationId!))
    for (const id of ids) assert(this.world.timesLogged(id) <= 1, `${id} was carried out twice`)
  }

  assertMeteredLinksAreExact(): void {
    for (const code of CODES) {
      const history = this.world.history(code)
      for (const { maxVisits, visits } of history) assert(maxVisits === null || visits <= maxVisits)
    }
  }

  assertRest(): void {
    const { world, tickets } = this
    assert.equal(world.actor.depth, 0)
    for (const { outcome } of tickets) assert(outcome !== undefined, 'a caller was forgotten')
    world.flush()
    for (const code of CODES) {
      const ticket = world.read(code)
      world.settle()
      const { outcome } = ticket
      assert(outcome !== undefined && !(outcome instanceof TinygridError))
      assert(outcome.kind === 'read')
      assert.deepEqual(lookupOf(outcome.link, NOW), lookupOf(world.truth(code), NOW))
    }
  }
}

test('no schedule makes an actor forget, repeat or invent anything', (t) => {
  const property = fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
    const schedule = new Schedule()
    for (const step of steps) {
      schedule.play(step)
      schedule.world.assertMemoryIsRight(CODES)
    }
    schedule.world.settle()
    schedule.unseal()
    schedule.world.settle()
    schedule.assertNothingWasDoneTwice()
    schedule.assertCodesKeepTheirUrl()
    schedule.assertMeteredLinksAreExact()
    schedule.assertRest()
  })
  fc.assert(property, { numRuns: 3_000 })
  t.pass()
})
