/** Stops of the machine and of its disk are noticed, and a busy machine is not taken for one. */
import test from 'ava'
import { MachineStalls, type Stall } from './machine-stalls.ts'

/** A clock whose sleeps and syncs take what the test says. */
class World {
  ms = 0
  readonly stalls: MachineStalls
  readonly #late: (sleeping: number) => number
  #sleeps = 0

  constructor(late: (sleeping: number) => number, syncMs: number) {
    this.#late = late
    const sync = async () => void (this.ms += syncMs)
    this.stalls = new MachineStalls(sync, { now: () => this.ms, sleep: (ms) => this.#sleep(ms) })
  }

  async #sleep(ms: number): Promise<void> {
    this.ms += ms + this.#late(++this.#sleeps)
    if (this.#sleeps === 10) this.stalls.end()
  }
}

test('a machine that stood still is told with its time', async (t) => {
  const world = new World((sleeping) => (sleeping === 4 ? 2_500 : 20), 0)
  await world.stalls.watch()
  t.deepEqual(
    world.stalls
      .all()
      .map(({ of }) => of)
      .slice(0, 1),
    ['machine'],
  )
  const [{ from, to }] = world.stalls.all() as [Stall]
  t.true(to - from >= 2_500)
  t.true(world.stalls.touched(0, from))
  t.true(world.stalls.touched(to, to + 1))
  t.false(world.stalls.touched(0, from - 1))
  t.false(world.stalls.touched(to + 1, Infinity))
})

test('a disk that did not answer is told', async (t) => {
  const world = new World(() => 0, 1_500)
  await world.stalls.watch()
  t.true(world.stalls.all().some(({ of }) => of === 'disk'))
})

test('a busy machine does not stand still', async (t) => {
  const world = new World(() => 100, 100)
  await world.stalls.watch()
  t.deepEqual(world.stalls.all(), [])
})
