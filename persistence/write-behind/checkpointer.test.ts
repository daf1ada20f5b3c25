/** Checkpoints are saved before the log is trimmed, and some entries are kept for longer. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { Checkpointer } from './checkpointer.ts'

const [P, Q] = [0, 1] as PartitionId[] as [PartitionId, PartitionId]
const at = (position: number) => position as LogPosition

/** What the store has, what the log must keep, and what was done, in order. */
class World {
  readonly done: string[] = []
  readonly flushed = new Map<PartitionId, LogPosition>()
  readonly keptFrom = new Map<PartitionId, LogPosition>()
  beforeSave: () => Promise<void> = async () => {}
  beforeTrim: (partition: PartitionId) => Promise<void> = async () => {}
  readonly checkpointer = new Checkpointer(
    {
      saveCheckpoints: async (checkpoints) => {
        await this.beforeSave()
        for (const [partition, position] of checkpoints)
          this.done.push(`save ${partition}:${position}`)
      },
    },
    {
      trim: async (partition, upTo) => {
        await this.beforeTrim(partition)
        this.done.push(`trim ${partition}:${upTo}`)
      },
    },
    (partition) => this.flushed.get(partition) ?? at(0),
    (partition) => this.keptFrom.get(partition),
  )

  /** The log has gone on to `position`, and the store has everything up to `flushed`. */
  note(partition: PartitionId, position: number, flushed = position): void {
    this.checkpointer.note(partition, at(position))
    this.flushed.set(partition, at(flushed))
  }

  async run(): Promise<string[]> {
    this.checkpointer.reviseKept()
    await this.checkpointer.save()
    await this.checkpointer.trim()
    return this.done.splice(0)
  }
}

test('all checkpoints are saved first, then the log is trimmed to them', async (t) => {
  const world = new World()
  world.note(P, 5)
  world.note(Q, 9, 7)
  t.false(world.checkpointer.isDone)
  t.deepEqual(await world.run(), ['save 0:5', 'save 1:7', 'trim 0:5', 'trim 1:7'])
  t.false(world.checkpointer.isDone, 'the store lacks two entries of 1')
  t.deepEqual(await world.run(), [], 'nothing has changed')
  world.note(Q, 9)
  t.deepEqual(await world.run(), ['save 1:9', 'trim 1:9'])
  t.true(world.checkpointer.isDone)
})

test('nothing is trimmed that is not saved', async (t) => {
  const world = new World()
  world.note(P, 5)
  world.beforeSave = () => Promise.reject(new TinygridError('store_unavailable'))
  await t.throwsAsync(world.run(), { code: 'store_unavailable' })
  await world.checkpointer.trim()
  t.deepEqual(world.done, [])
  world.beforeSave = async () => {}
  t.deepEqual(await world.run(), ['save 0:5', 'trim 0:5'])
})

test('a trim that fails is made up for, and holds up no other', async (t) => {
  const world = new World()
  world.note(P, 5)
  world.note(Q, 5)
  world.beforeTrim = async (partition) => {
    if (partition === P) throw new TinygridError('log_unavailable')
    for (let turns = 0; turns < 10; turns++) await Promise.resolve()
  }
  await t.throwsAsync(world.run(), { code: 'log_unavailable' })
  t.deepEqual(world.done.splice(0), ['save 0:5', 'save 1:5', 'trim 1:5'])
  world.beforeTrim = async () => {}
  t.deepEqual(await world.run(), ['trim 0:5'])
  t.true(world.checkpointer.isDone)
})

test('entries that are kept are trimmed when they may go', async (t) => {
  const world = new World()
  world.note(P, 9)
  world.keptFrom.set(P, at(4))
  t.deepEqual(await world.run(), ['save 0:9', 'trim 0:3'])
  t.true(world.checkpointer.isDone, 'there is nothing to do just now')
  t.true(world.checkpointer.hasKept)
  t.deepEqual(await world.run(), [])
  world.keptFrom.delete(P)
  t.deepEqual(await world.run(), ['trim 0:9'])
  t.false(world.checkpointer.hasKept)
})

test('of kept entries the first ones may go before the last ones', async (t) => {
  const world = new World()
  world.note(P, 9)
  world.keptFrom.set(P, at(1))
  t.deepEqual(await world.run(), ['save 0:9'], 'the log begins with what is kept')
  world.keptFrom.set(P, at(6))
  t.deepEqual(await world.run(), [], 'some entries more or less are not worth a trim')
  world.keptFrom.set(P, at(10))
  t.deepEqual(await world.run(), ['trim 0:9'])
})

test('a log that goes on is trimmed up to what is kept', async (t) => {
  const world = new World()
  world.note(P, 9)
  world.keptFrom.set(P, at(4))
  await world.run()
  world.keptFrom.set(P, at(7))
  world.note(P, 12)
  t.deepEqual(await world.run(), ['save 0:12', 'trim 0:6'])
  t.true(world.checkpointer.hasKept)
})

test('a log that begins with what is kept is not trimmed again and again', async (t) => {
  const world = new World()
  world.note(P, 9)
  world.keptFrom.set(P, at(4))
  await world.run()
  world.note(P, 12)
  t.deepEqual(await world.run(), ['save 0:12'])
  world.keptFrom.set(P, at(6))
  world.note(P, 15)
  t.deepEqual(await world.run(), ['save 0:15', 'trim 0:5'])
})

test('a partition that is forgotten has nothing to do, whatever it had', async (t) => {
  const world = new World()
  world.note(P, 5)
  world.checkpointer.forget(P)
  t.true(world.checkpointer.isDone)
  t.deepEqual(await world.run(), [])
  world.note(P, 9)
  world.keptFrom.set(P, at(4))
  await world.run()
  world.checkpointer.forget(P)
  t.false(world.checkpointer.hasKept)
})

test('a partition that is forgotten while its checkpoint is saved is not trimmed', async (t) => {
  const world = new World()
  world.note(P, 5)
  world.note(Q, 5)
  world.beforeSave = async () => world.checkpointer.forget(P)
  t.deepEqual(await world.run(), ['save 0:5', 'save 1:5', 'trim 1:5'])
  t.true(world.checkpointer.isDone)
})

test('a partition that is forgotten while its log is trimmed keeps nothing of that', async (t) => {
  const world = new World()
  world.note(P, 9)
  world.keptFrom.set(P, at(4))
  world.beforeTrim = async () => world.checkpointer.forget(P)
  await world.run()
  t.false(world.checkpointer.hasKept)
  t.true(world.checkpointer.isDone)
})

test('a partition that comes back saves its checkpoint again', async (t) => {
  const world = new World()
  world.note(P, 5)
  await world.run()
  world.checkpointer.forget(P)
  world.note(P, 5)
  t.deepEqual(await world.run(), ['save 0:5', 'trim 0:5'])
})
